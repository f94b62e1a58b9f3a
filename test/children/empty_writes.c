/* Owns: a writer that fails to write (EFAULT) again and again between what it writes. On older kernels (seen on 6.1) each such write leaves a buffer of
 *   no bytes in its pipe, which makes the pipe readable and has nothing to be read.
 * Never: ends with less than it was asked for. Usage: empty_writes BYTES; the byte at n is n % 251. */
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char **argv) {
    size_t left = argc > 1 ? (size_t)atol(argv[1]) : 0, at = 0;
    static unsigned char block[65536];
    for (size_t turn = 0; left > 0; turn++) {
        size_t size = left < sizeof block ? left : sizeof block;
        for (size_t i = 0; i < size; i++) block[i] = (unsigned char)((at + i) % 251);
        for (size_t put = 0; put < size;) {
            ssize_t n = write(1, block + put, size - put);
            if (n < 0) return 1;
            put += (size_t)n;
        }
        at += size;
        left -= size;
        for (int i = 0; turn % 20 == 19 && i < 100; i++) {
            if (write(1, (void *)4096, 4096) >= 0) return 3;
            usleep(500);
        }
    }
    return 0;
}
