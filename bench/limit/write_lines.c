/* Owns: a child that writes lines as fast as the pipe takes them.
 * Never: makes a line twice. Usage: write_lines COUNT; lines of 19 to 106 bytes, of ASCII as most programs write it. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* So many different ones, about 64 KiB; then again from the first. */
#define LINES 1000

static const char text[] = "the quick brown fox jumps over the lazy dog, again and again, until the pipe is full and it has to wait";

static int write_all(const char *from, size_t length) {
    while (length > 0) {
        ssize_t took = write(1, from, length);
        if (took < 0) return -1;
        from += took;
        length -= (size_t)took;
    }
    return 0;
}

int main(int argc, char **argv) {
    static char block[LINES * 128];
    size_t ends[LINES + 1] = {0};
    for (int i = 0; i < LINES; i++)
        ends[i + 1] = ends[i] + (size_t)snprintf(block + ends[i], 128, "%010d %.*s\n", i, 8 + i * 7 % 88, text);
    long count = argc > 1 ? atol(argv[1]) : 0;
    for (; count > 0; count -= LINES)
        if (write_all(block, ends[count < LINES ? count : LINES]) < 0) return 1;
    return 0;
}
