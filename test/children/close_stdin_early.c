/* Owns: a reader that gives up: reads BYTES from stdin, closes it, says "closed", and lives on for MS. [BYTES] [MS]
 * Never: outlives its safety deadline of 120 s. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char **argv) {
    long left = argc > 1 ? atol(argv[1]) : 0;
    int ms = argc > 2 ? atoi(argv[2]) : 0;
    char block[4096];
    alarm(120);
    while (left > 0) {
        ssize_t n = read(STDIN_FILENO, block, left < (long)sizeof block ? (size_t)left : sizeof block);
        if (n <= 0) break;
        left -= n;
    }
    close(STDIN_FILENO);
    puts("closed");
    fflush(stdout);
    for (; ms > 0; ms -= 100) usleep(1000u * (unsigned)(ms < 100 ? ms : 100));
    return 0;
}
