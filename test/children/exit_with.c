/* Owns: an exit with status N. [N]
 * Never: a byte of output. */
#include <stdlib.h>

int main(int argc, char **argv) {
    return argc > 1 ? atoi(argv[1]) : 0;
}
