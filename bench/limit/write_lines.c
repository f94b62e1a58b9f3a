/* Owns: a child that writes lines as fast as the pipe takes them.
 * Never: a system call per line. Usage: write_lines COUNT; lines of 19 to 106 bytes, some with characters of two bytes. */
#include <stdio.h>
#include <stdlib.h>

static const char plain[] = "the quick brown fox jumps over the lazy dog, again and again, until the pipe is full and it has to wait";
static const char accented[] = "V\303\266gel: the quick brown fox jumps over the lazy dog, again and again, until the pipe is full and it";

int main(int argc, char **argv) {
    static char buffer[1 << 16];
    long count = argc > 1 ? atol(argv[1]) : 0;
    setvbuf(stdout, buffer, _IOFBF, sizeof buffer);
    for (long i = 0; i < count; i++) printf("%010ld %.*s\n", i, (int)(8 + i * 7 % 88), i % 16 ? plain : accented);
    return 0;
}
