/* Owns: a producer that is not what one waits for: BYTES in writes of SIZE, out of memory that is in the cache.
 * Never: reads anything. Usage: write_blocks SIZE BYTES. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv) {
    if (argc < 3) {
        fprintf(stderr, "usage: write_blocks SIZE BYTES\n");
        return 2;
    }
    size_t size = (size_t)atol(argv[1]), left = (size_t)atoll(argv[2]);
    char *block = malloc(size);
    if (!block) return 1;
    memset(block, 'x', size);
    while (left > 0) {
        ssize_t put = write(1, block, left < size ? left : size);
        if (put < 0) return 1;
        left -= (size_t)put;
    }
    return 0;
}
