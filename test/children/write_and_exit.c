/* Owns: exactly BYTES bytes 'x' to a descriptor, then an exit at once. BYTES [FD, default 1]
 * Never: outlives its safety deadline of 120 s. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv) {
    long left = argc > 1 ? atol(argv[1]) : 0;
    int fd = argc > 2 ? atoi(argv[2]) : STDOUT_FILENO;
    static char block[1 << 16];
    memset(block, 'x', sizeof block);
    alarm(120);
    while (left > 0) {
        ssize_t n = write(fd, block, left < (long)sizeof block ? (size_t)left : sizeof block);
        if (n < 0) return 1;
        left -= n;
    }
    return 0;
}
