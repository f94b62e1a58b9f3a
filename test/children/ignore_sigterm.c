/* Owns: a process that takes no hint: TERM, HUP and INT are ignored. Prints its pid once that is so. [marker]
 * Never: outlives its safety deadline of 120 s; reads its arguments (a marker is there to be found in /proc). */
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

int main(void) {
    alarm(120);
    signal(SIGTERM, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    signal(SIGINT, SIG_IGN);
    printf("%d\n", getpid());
    fflush(stdout);
    for (;;) pause();
}
