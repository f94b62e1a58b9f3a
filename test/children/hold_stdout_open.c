/* Owns: a child that exits at once ("done", status 0) while its own child keeps stdout and stderr open. [MS, default 60000] [marker]
 * Never: outlives its safety deadline of 120 s. */
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char **argv) {
    int ms = argc > 1 ? atoi(argv[1]) : 60000;
    if (fork() == 0) {
        alarm(120);
        for (; ms > 0; ms -= 100) usleep(1000u * (unsigned)(ms < 100 ? ms : 100));
        _exit(0);
    }
    return write(STDOUT_FILENO, "done\n", 5) != 5;
}
