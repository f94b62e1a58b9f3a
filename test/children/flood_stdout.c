/* Owns: BYTES bytes (0: without end) on stdout as fast as they are taken, in lines of 64: 0-9, A-Z, a-z, one blank, the line end. [BYTES]
 * Never: outlives its safety deadline of 120 s; survives a reader that left (SIGPIPE kills it). */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv) {
    static const char line[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz \n";
    static char block[64 * 1024];
    for (size_t i = 0; i < sizeof block; i += 64) memcpy(block + i, line, 64);
    alarm(120);
    long long all = argc > 1 ? atoll(argv[1]) : 0;
    for (long long done = 0; all == 0 || done < all;) {
        size_t from = (size_t)(done % (long long)sizeof block);
        size_t much = sizeof block - from;
        if (all != 0 && (long long)much > all - done) much = (size_t)(all - done);
        ssize_t n = write(STDOUT_FILENO, block + from, much);
        if (n < 0) return 1;
        done += n;
    }
    return 0;
}
