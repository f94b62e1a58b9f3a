/* Owns: a tree of processes: every one but the last generation forks WIDTH others. The root prints how many there are once all are up.
 * DEPTH WIDTH [marker]
 * Never: more than 2,000 processes; outlives its safety deadline of 120 s. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char **argv) {
    int depth = argc > 1 ? atoi(argv[1]) : 2;
    int width = argc > 2 ? atoi(argv[2]) : 2;
    long all = 1, generation = 1;
    for (int i = 0; i < depth; i++) {
        generation *= width;
        all += generation;
        if (all > 2000) return 2;
    }
    int up[2];
    if (pipe(up) != 0) return 1;
    int left = depth;
    int is_root = 1;
    for (int i = 0; left > 0 && i < width; i++) {
        pid_t pid = fork();
        if (pid < 0) return 1;
        if (pid == 0) {
            is_root = 0;
            left--;
            i = -1; /* a new process begins with its own first child */
        }
    }
    alarm(120); /* after the forks: an alarm is not handed on */
    if (is_root) {
        char byte;
        for (long seen = 1; seen < all; seen++)
            if (read(up[0], &byte, 1) != 1) return 1;
        printf("%ld\n", all);
        fflush(stdout);
    } else if (write(up[1], "", 1) != 1) {
        return 1;
    }
    for (;;) pause();
}
