/* Owns: the number of the signal this process gets when its parent dies (0: none).
 * Never: changes it. */
#include <stdio.h>
#include <sys/prctl.h>

int main(void) {
    int signal = -1;
    if (prctl(PR_GET_PDEATHSIG, &signal) != 0) return 1;
    printf("%d\n", signal);
    return 0;
}
