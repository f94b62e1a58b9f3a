/* Owns: a slow cat: copies stdin to stdout, at most CHUNK bytes at a time, with PAUSE microseconds between. [CHUNK] [PAUSE]
 * Never: loses a byte; outlives its safety deadline of 120 s. */
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char **argv) {
    size_t chunk = argc > 1 ? (size_t)atol(argv[1]) : 1000;
    unsigned pause_us = argc > 2 ? (unsigned)atoi(argv[2]) : 100;
    static char block[1 << 20];
    if (chunk == 0 || chunk > sizeof block) return 2;
    alarm(120);
    for (;;) {
        ssize_t n = read(STDIN_FILENO, block, chunk);
        if (n <= 0) return n < 0;
        for (ssize_t done = 0; done < n;) {
            ssize_t more = write(STDOUT_FILENO, block + done, (size_t)(n - done));
            if (more < 0) return 1;
            done += more;
        }
        if (pause_us > 0) usleep(pause_us);
    }
}
