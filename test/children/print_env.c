/* Owns: the exact bytes of the environment, in order, each entry followed by a NUL.
 * Never: anything else. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int main(void) {
    for (char **entry = environ; *entry != NULL; entry++) fwrite(*entry, 1, strlen(*entry) + 1, stdout);
    return 0;
}
