/* Owns: relatives that a simple supervisor loses, each ignoring TERM, HUP and INT. KIND [marker]
 * exit_signal_0: a child that ends without SIGCHLD. clone_parent: a child that becomes our sibling. subreaper: a double-forked, setsid'ed
 * one below a subreaper of its own. pid_namespace: one in a new pid namespace (needs root). Prints its pid ("0" from inside a
 * namespace) once it is up, then the first process waits.
 * Never: outlives its safety deadline of 120 s. */
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void stay_deaf(int number) {
    alarm(120);
    signal(SIGTERM, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    signal(SIGINT, SIG_IGN);
    dprintf(STDOUT_FILENO, "%d\n", number);
    for (;;) pause();
}

static pid_t clone_with(unsigned long flags) {
    return (pid_t)syscall(SYS_clone, flags, 0, 0, 0, 0);
}

int main(int argc, char **argv) {
    const char *kind = argc > 1 ? argv[1] : "";
    alarm(120);
    if (strcmp(kind, "exit_signal_0") == 0) {
        if (clone_with(0) == 0) {
            setsid();
            stay_deaf(getpid());
        }
    } else if (strcmp(kind, "clone_parent") == 0) {
        if (clone_with(CLONE_PARENT | SIGCHLD) == 0) {
            setsid();
            stay_deaf(getpid());
        }
    } else if (strcmp(kind, "subreaper") == 0) {
        if (fork() == 0) {
            prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
            signal(SIGTERM, SIG_IGN);
            pid_t middle = fork();
            if (middle == 0) {
                setsid();
                if (fork() == 0) stay_deaf(getpid());
                _exit(0);
            }
            waitpid(middle, NULL, 0);
            alarm(120);
            for (;;) pause();
        }
    } else if (strcmp(kind, "pid_namespace") == 0) {
        if (unshare(CLONE_NEWPID) != 0) return 3;
        if (fork() == 0) {
            setsid();
            if (fork() == 0) stay_deaf(0);
            signal(SIGTERM, SIG_IGN);
            alarm(120);
            for (;;) pause();
        }
    } else {
        return 2;
    }
    for (;;) pause();
}
