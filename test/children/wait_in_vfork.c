/* Owns: a process in state D: its vfork(2) waits for a child that ends on SIGUSR1. Prints "child PID", and afterwards a dot every 10 ms.
 * Never: outlives its safety deadline of 120 s. */
#define _DEFAULT_SOURCE
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

static void leave(int signal) {
    _exit(signal == SIGUSR1 ? 0 : 1);
}

int main(void) {
    alarm(120);
    /* Set before: the child shares this memory, and may do little in it. */
    signal(SIGUSR1, leave);
    if (vfork() == 0) {
        dprintf(STDOUT_FILENO, "child %d\n", getpid());
        alarm(120);
        for (;;) pause();
    }
    for (;;) {
        if (write(STDOUT_FILENO, ".", 1) != 1) return 1;
        usleep(10000);
    }
}
