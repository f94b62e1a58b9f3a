/* Owns: a child that burns MS milliseconds of CPU and is never waited for, while its parent says "spun" and lives on. [MS, default 300]
 * Never: outlives its safety deadline of 60 s. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

int main(int argc, char **argv) {
    long ms = argc > 1 ? atol(argv[1]) : 300;
    int done[2];
    char byte;
    alarm(60);
    if (pipe(done) != 0) return 1;
    if (fork() == 0) {
        alarm(60);
        struct timespec used;
        do {
            for (volatile int i = 0; i < 100000; i++) continue;
            clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
        } while (used.tv_sec * 1000 + used.tv_nsec / 1000000 < ms);
        _exit(0);
    }
    close(done[1]);
    while (read(done[0], &byte, 1) > 0) continue; /* its end: it has spun, and is a zombie */
    printf("spun\n");
    fflush(stdout);
    for (;;) pause();
}
