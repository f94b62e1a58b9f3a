/* Owns: death by signal N, by its default action. [N, default 15]
 * Never: leaves a core file; survives a signal that does not kill (exit 3). */
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>

int main(int argc, char **argv) {
    int number = argc > 1 ? atoi(argv[1]) : SIGTERM;
    struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
    signal(number, SIG_DFL);
    raise(number);
    return 3;
}
