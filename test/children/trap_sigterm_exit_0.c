/* Owns: a polite process: prints its pid, and at SIGTERM says "bye" and exits with 0. [MS to take over it] [marker]
 * Never: outlives its safety deadline of 120 s. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char **argv) {
    int ms = argc > 1 ? atoi(argv[1]) : 0;
    alarm(120);
    /* Blocked and waited for, so that no TERM can fall between the pid and the wait. */
    sigset_t term;
    sigemptyset(&term);
    sigaddset(&term, SIGTERM);
    sigprocmask(SIG_BLOCK, &term, NULL);
    printf("%d\n", getpid());
    fflush(stdout);
    int number;
    sigwait(&term, &number);
    usleep(1000u * (unsigned)ms);
    puts("bye");
    return 0;
}
