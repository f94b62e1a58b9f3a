/* Owns: the limits for reading: a plain read(2) loop on a child's stdout, one buffer, nothing else; and with SIZE 0 what the child can write at all:
 *   its pages are moved to /dev/null, and nobody looks at them.
 * Never: anything a library would add. Usage: read_loop SIZE PROGRAM ARGS...; reads SIZE bytes at a time, prints GB/s. */
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int main(int argc, char **argv) {
    if (argc < 3) {
        fprintf(stderr, "usage: read_loop SIZE PROGRAM ARGS...\n");
        return 2;
    }
    size_t size = (size_t)atol(argv[1]);
    char *buffer = malloc(size > 0 ? size : 1);
    int ends[2], status;
    posix_spawn_file_actions_t actions;
    if (!buffer || pipe2(ends, O_CLOEXEC) < 0 || posix_spawn_file_actions_init(&actions) != 0 ||
        posix_spawn_file_actions_adddup2(&actions, ends[1], 1) != 0) {
        perror("read_loop");
        return 1;
    }
    double from = now(), bytes = 0;
    pid_t pid;
    if (posix_spawnp(&pid, argv[2], &actions, NULL, argv + 2, environ) != 0) {
        perror("posix_spawnp");
        return 1;
    }
    close(ends[1]);
    int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (size == 0 && nowhere >= 0 && fcntl(ends[0], F_SETPIPE_SZ, 256 << 10) > 0)
        for (ssize_t got; (got = splice(ends[0], NULL, nowhere, NULL, 256 << 10, 0)) > 0;) bytes += (double)got;
    else
        for (ssize_t got; (got = read(ends[0], buffer, size)) > 0;) bytes += (double)got;
    double seconds = now() - from;
    waitpid(pid, &status, 0);
    printf("%.4f\n", bytes / seconds / 1e9);
    return 0;
}
