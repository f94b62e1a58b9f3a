/* Owns: an escape: setsid and a double fork, TERM, HUP and INT ignored. The escapee prints its pid once it really is in another session
 * and has lost its parents; then the first process exits with 0. [marker]
 * Never: outlives its safety deadline of 120 s; reads its arguments. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static int escaped[2];

static void runaway(pid_t old_session, pid_t middle) {
    alarm(120); /* fork() does not hand an alarm on */
    while (getppid() == middle) usleep(500);
    if (getsid(0) == old_session) _exit(3);
    printf("%d\n", getpid());
    fflush(stdout);
    close(escaped[1]);
    for (;;) pause();
}

int main(void) {
    alarm(120);
    signal(SIGTERM, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    signal(SIGINT, SIG_IGN);
    pid_t session = getsid(0);
    if (pipe(escaped) != 0) return 1;
    pid_t middle = fork();
    if (middle < 0) return 1;
    if (middle == 0) {
        close(escaped[0]);
        if (setsid() < 0) _exit(2);
        pid_t me = getpid();
        pid_t last = fork();
        if (last == 0) runaway(session, me);
        _exit(last < 0);
    }
    close(escaped[1]);
    int status;
    waitpid(middle, &status, 0);
    char byte;
    while (read(escaped[0], &byte, 1) > 0) continue; /* the end: the escapee has said its pid, or has failed */
    return status != 0;
}
