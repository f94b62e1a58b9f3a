/* Owns: the limit for spawning: a plain posix_spawn + waitpid loop with K children in flight.
 * Never: anything a library would add. Usage: spawn_loop COUNT K PROGRAM; prints spawns per second. */
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>

extern char **environ;

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int main(int argc, char **argv) {
    if (argc < 4) {
        fprintf(stderr, "usage: spawn_loop COUNT K PROGRAM\n");
        return 2;
    }
    int count = atoi(argv[1]), most = atoi(argv[2]), started = 0, done = 0, status;
    double from = now();
    while (done < count) {
        while (started < count && started - done < most) {
            pid_t pid;
            char *args[] = {argv[3], NULL};
            if (posix_spawn(&pid, argv[3], NULL, NULL, args, environ) != 0) {
                perror("posix_spawn");
                return 1;
            }
            started++;
        }
        if (waitpid(-1, &status, 0) > 0) done++;
    }
    printf("%.1f\n", count / (now() - from));
    return 0;
}
