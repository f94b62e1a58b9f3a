/* Owns: a list of the descriptors this process was born with, one "FD TARGET" per line, in order.
 * Never: counts the one it lists them with. */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

int main(void) {
    int open_max = (int)sysconf(_SC_OPEN_MAX);
    if (open_max < 0 || open_max > 65536) open_max = 65536;
    for (int fd = 0; fd < open_max; fd++) {
        if (fcntl(fd, F_GETFD) < 0) continue;
        char name[64], target[4096];
        snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
        ssize_t n = readlink(name, target, sizeof target - 1);
        if (n < 0) n = 0;
        target[n] = '\0';
        printf("%d %s\n", fd, target);
    }
    return 0;
}
