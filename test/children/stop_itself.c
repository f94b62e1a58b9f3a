/* Owns: a process that prints its pid, stops itself (SIGSTOP), says "continued" when somebody wakes it, and exits with 0. [marker]
 * Never: outlives its safety deadline of 120 s once awake (a stopped process hears no alarm until it is continued). */
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

int main(void) {
    alarm(120);
    printf("%d\n", getpid());
    fflush(stdout);
    raise(SIGSTOP);
    puts("continued");
    return 0;
}
