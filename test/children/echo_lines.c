/* Owns: a conversation: answers each line of stdin with "N: LINE" at once, and the end of input with exit status 0.
 * Never: waits for more than one line before it answers; outlives its safety deadline of 120 s. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int main(void) {
    char *line = NULL;
    size_t room = 0;
    alarm(120);
    for (long number = 1;; number++) {
        ssize_t n = getline(&line, &room, stdin);
        if (n < 0) break;
        printf("%ld: ", number);
        fwrite(line, 1, (size_t)n, stdout);
        if (line[n - 1] != '\n') putchar('\n');
        fflush(stdout);
    }
    free(line);
    return 0;
}
