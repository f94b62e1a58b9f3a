/* Owns: what this process knows of sessions, groups and terminals, one "name value" per line: pid, sid, pgrp, tty (whether /dev/tty can be
 * opened), foreground (its foreground group, -1 without), stdin, stdout, stderr (whether each is a terminal).
 * Never: changes any of it. */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

int main(void) {
    int tty = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
    printf("pid %d\nsid %d\npgrp %d\n", getpid(), getsid(0), getpgrp());
    printf("tty %s\nforeground %d\n", tty < 0 ? "no" : "yes", tty < 0 ? -1 : tcgetpgrp(tty));
    static const char *const names[] = {"stdin", "stdout", "stderr"};
    for (int fd = 0; fd < 3; fd++) printf("%s %s\n", names[fd], isatty(fd) ? "yes" : "no");
    return 0;
}
