/* Owns: the signal state this process was born with: the lines SigBlk, SigIgn and SigCgt of /proc/self/status.
 * Never: changes any of it. */
#include <stdio.h>
#include <string.h>

int main(void) {
    FILE *status = fopen("/proc/self/status", "re");
    if (status == NULL) return 1;
    char line[256];
    while (fgets(line, sizeof line, status) != NULL)
        if (strncmp(line, "SigBlk", 6) == 0 || strncmp(line, "SigIgn", 6) == 0 || strncmp(line, "SigCgt", 6) == 0) fputs(line, stdout);
    fclose(status);
    return 0;
}
