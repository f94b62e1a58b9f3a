/* Owns: the limit for going through a program: MIB of bytes written to the stdin of `cat` and read from its stdout, by one thread, with pipes of
 *   256 KiB, write(2), read(2) and poll(2), nothing else.
 * Never: anything a library would add. Usage: through_loop MIB; prints GB/s. */
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PIECE (1 << 20)
#define PIPE (256 << 10)

extern char **environ;

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static pid_t start_cat(int *to, int *from) {
    char *words[] = {"cat", NULL};
    int in[2], out[2];
    posix_spawn_file_actions_t actions;
    pid_t pid;
    if (pipe2(in, O_CLOEXEC) < 0 || pipe2(out, O_CLOEXEC) < 0 || posix_spawn_file_actions_init(&actions) != 0) return -1;
    posix_spawn_file_actions_adddup2(&actions, in[0], 0);
    posix_spawn_file_actions_adddup2(&actions, out[1], 1);
    if (posix_spawnp(&pid, "cat", &actions, NULL, words, environ) != 0) return -1;
    close(in[0]);
    close(out[1]);
    *to = in[1];
    *from = out[0];
    for (int i = 0; i < 2; i++) {
        int fd = i ? *to : *from;
        fcntl(fd, F_SETPIPE_SZ, PIPE);
        fcntl(fd, F_SETFL, O_NONBLOCK);
    }
    return pid;
}

int main(int argc, char **argv) {
    static char piece[PIECE], room[PIPE];
    if (argc < 2) {
        fprintf(stderr, "usage: through_loop MIB\n");
        return 2;
    }
    size_t total = (size_t)atol(argv[1]) * PIECE, written = 0, got = 0;
    int to, from, status;
    memset(piece, 'x', sizeof piece);
    double began = now();
    pid_t pid = start_cat(&to, &from);
    if (pid < 0) {
        perror("through_loop");
        return 1;
    }
    for (;;) {
        size_t at = written % PIECE, left = total - written < PIECE - at ? total - written : PIECE - at;
        ssize_t put = to < 0 ? -1 : write(to, piece + at, left);
        if (put > 0) written += (size_t)put;
        if (to >= 0 && written == total) {
            close(to);
            to = -1;
        }
        ssize_t n = read(from, room, sizeof room);
        if (n == 0) break;
        if (n > 0) got += (size_t)n;
        struct pollfd waits[2] = {{from, POLLIN, 0}, {to, POLLOUT, 0}};
        if (n < 0 && put <= 0) poll(waits, 2, -1);
    }
    double seconds = now() - began;
    waitpid(pid, &status, 0);
    if (got != total) {
        fprintf(stderr, "through_loop: read %zu bytes of %zu\n", got, total);
        return 1;
    }
    printf("%.4f\n", (double)got / seconds / 1e9);
    return 0;
}
