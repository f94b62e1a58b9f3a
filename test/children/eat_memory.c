/* Owns: a process that takes MIB megabytes of memory, a page at a time, says "full", and lives on. MIB
 * Never: outlives its safety deadline of 120 s; more than 1 GiB. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv) {
    long mib = argc > 1 ? atol(argv[1]) : 16;
    alarm(120);
    if (mib > 1024) return 2;
    for (long i = 0; i < mib; i++) {
        char *block = malloc(1 << 20);
        if (!block) return 1;
        memset(block, (int)i + 1, 1 << 20);
    }
    printf("full\n");
    fflush(stdout);
    for (;;) pause();
}
