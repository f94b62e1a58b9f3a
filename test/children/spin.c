/* Owns: a process that burns one CPU for MS milliseconds of its own CPU time, then exits with 0. [MS, default 60000]
 * Never: outlives its safety deadline of 120 s. */
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

int main(int argc, char **argv) {
    long ms = argc > 1 ? atol(argv[1]) : 60000;
    alarm(120);
    struct timespec used;
    do {
        for (volatile int i = 0; i < 100000; i++) continue;
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    } while (used.tv_sec * 1000 + used.tv_nsec / 1000000 < ms);
    return 0;
}
