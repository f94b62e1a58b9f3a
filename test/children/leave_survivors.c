/* Owns: the three that a killed host leaves: `leader` (this process, TERM kills it), `worker` (its child, same group, ignores TERM, HUP,
 * INT) and `runaway` (setsid, double fork, ignores the same). Prints "NAME PID" lines, then "up". [marker]
 * Never: outlives its safety deadline of 120 s; reads its arguments. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static int up[2];

static void stay_deaf(const char *name) {
    alarm(120); /* fork() does not hand an alarm on */
    signal(SIGTERM, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    signal(SIGINT, SIG_IGN);
    dprintf(STDOUT_FILENO, "%s %d\n", name, getpid());
    close(up[1]);
    for (;;) pause();
}

int main(void) {
    alarm(120);
    pid_t session = getsid(0);
    if (pipe(up) != 0) return 1;
    dprintf(STDOUT_FILENO, "leader %d\n", getpid());
    if (fork() == 0) stay_deaf("worker");
    pid_t middle = fork();
    if (middle == 0) {
        if (setsid() < 0) _exit(2);
        pid_t me = getpid();
        if (fork() == 0) {
            while (getppid() == me) usleep(500);
            if (getsid(0) == session) _exit(3);
            stay_deaf("runaway");
        }
        _exit(0);
    }
    close(up[1]);
    waitpid(middle, NULL, 0);
    char byte;
    while (read(up[0], &byte, 1) > 0) continue; /* the end: both are up */
    dprintf(STDOUT_FILENO, "up\n");
    for (;;) pause();
}
