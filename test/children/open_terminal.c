/* Owns: a terminal for a program that is started in it as the leader of a session: what comes on stdin is typed, what the program shows goes to
 * stdout. Ends with the program's exit status; the end of stdin hangs up. command [args...]
 * Never: outlives its safety deadline of 120 s. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

static void become(const char *name, char **argv) {
    setsid();
    int terminal = open(name, O_RDWR);
    if (terminal < 0 || ioctl(terminal, TIOCSCTTY, 0) < 0) _exit(126);
    struct termios modes;
    tcgetattr(terminal, &modes);
    modes.c_lflag &= ~(tcflag_t)ECHO; /* what is typed is not what is said */
    modes.c_oflag &= ~(tcflag_t)ONLCR;
    tcsetattr(terminal, TCSANOW, &modes);
    for (int fd = 0; fd < 3; fd++) dup2(terminal, fd);
    if (terminal > 2) close(terminal);
    execvp(argv[0], argv);
    _exit(127);
}

/* false: that side has ended. */
static int pass(int from, int to) {
    char block[4096];
    ssize_t n = read(from, block, sizeof block);
    if (n <= 0) return n < 0 && errno == EINTR;
    for (ssize_t done = 0; done < n;) {
        ssize_t more = write(to, block + done, (size_t)(n - done));
        if (more < 0) return 0;
        done += more;
    }
    return 1;
}

int main(int argc, char **argv) {
    alarm(120);
    if (argc < 2) return 2;
    int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (master < 0 || grantpt(master) < 0 || unlockpt(master) < 0) return 77;
    const char *name = ptsname(master);
    pid_t pid = fork();
    if (pid < 0) return 1;
    if (pid == 0) become(name, argv + 1);
    struct pollfd waits[2] = {{0, POLLIN, 0}, {master, POLLIN, 0}};
    for (;;) {
        if (poll(waits, 2, -1) < 0) continue;
        if (waits[1].revents && !pass(master, 1)) break;
        if (waits[0].revents && !pass(0, master)) break;
    }
    close(master);
    int status;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) continue;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
