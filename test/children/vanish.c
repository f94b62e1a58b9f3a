/* Owns: somebody who leaves no trace: setsid, double fork, another directory, no environment, no descriptor, another name and no argv;
 * TERM, HUP and INT ignored. Prints its pid first; the first process exits with 0 once that is said.
 * Never: outlives its safety deadline of 120 s. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv) {
    int said[2];
    if (pipe(said) != 0) return 1;
    pid_t middle = fork();
    if (middle == 0) {
        if (setsid() < 0) _exit(2);
        if (fork() > 0) _exit(0);
        alarm(120);
        signal(SIGTERM, SIG_IGN);
        signal(SIGHUP, SIG_IGN);
        signal(SIGINT, SIG_IGN);
        clearenv();
        if (chdir("/") != 0) _exit(3);
        prctl(PR_SET_NAME, "kworker/0:0");
        for (int i = 0; i < argc; i++) memset(argv[i], 0, strlen(argv[i]));
        dprintf(STDOUT_FILENO, "%d\n", getpid());
        for (int fd = 0; fd < 1024; fd++) close(fd);
        for (;;) pause();
    }
    waitpid(middle, NULL, 0);
    close(said[1]);
    char byte;
    return read(said[0], &byte, 1) != 0; /* the end: it has closed everything */
}
