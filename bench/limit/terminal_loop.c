/* Owns: the limit for reading a terminal: a plain read(2) loop on the master side of a pty, one buffer, nothing else.
 * Never: anything a library would add. Usage: terminal_loop PROGRAM ARGS...; prints MB/s. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void become(const char *terminal, char **words) {
    setsid();
    int fd = open(terminal, O_RDWR);
    if (fd < 0 || ioctl(fd, TIOCSCTTY, 0) < 0) _exit(126);
    for (int i = 0; i < 3; i++) dup2(fd, i);
    close(fd);
    execvp(words[0], words);
    _exit(127);
}

int main(int argc, char **argv) {
    static char buffer[256 << 10];
    int status, master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (argc < 2 || master < 0 || grantpt(master) < 0 || unlockpt(master) < 0) {
        fprintf(stderr, "usage: terminal_loop PROGRAM ARGS...\n");
        return 2;
    }
    const char *terminal = ptsname(master);
    double from = now(), bytes = 0;
    pid_t pid = fork();
    if (pid < 0) return 1;
    if (pid == 0) become(terminal, argv + 1);
    /* EIO before the child has opened its side, and when it has closed it. */
    for (;;) {
        ssize_t got = read(master, buffer, sizeof buffer);
        if (got > 0) bytes += (double)got;
        else if (bytes > 0 || errno != EIO || waitpid(pid, &status, WNOHANG) == pid) break;
    }
    double seconds = now() - from;
    waitpid(pid, &status, 0);
    printf("%.4f\n", bytes / seconds / 1e6);
    return 0;
}
