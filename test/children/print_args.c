/* Owns: the exact bytes of argv, argv[0] included, each argument followed by a NUL.
 * Never: anything else. */
#include <stdio.h>
#include <string.h>

int main(int argc, char **argv) {
    for (int i = 0; i < argc; i++) fwrite(argv[i], 1, strlen(argv[i]) + 1, stdout);
    return 0;
}
