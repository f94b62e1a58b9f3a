/* Owns: becoming a fork server: nothing of the host is kept but what it handed over on purpose.
 * Never: being run by hand. */
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "platform.h"
#include "server.h"
#include "title.h"
#include "trace.h"

#define CALLED "net-runner: fork server of "
#define CALLED_DETACHED "net-runner: detached server of "

/* The number after `words`, or 0. */
static pid_t called(const char *title, const char *words) {
    return strncmp(title, words, strlen(words)) == 0 ? (pid_t)strtol(title + strlen(words), NULL, 10) : 0;
}

/* The host's pid, or 0 when nobody of ours called us. valgrind puts the file's name before what it was told, so one further is fine. */
static pid_t caller(int argc, char **argv, bool *detached) {
    struct stat hire, control;
    if (fstat(NR_FD_HIRE, &hire) < 0 || fstat(NR_FD_SERVER, &control) < 0) return 0;
    if (!S_ISSOCK(hire.st_mode) || !S_ISSOCK(control.st_mode)) return 0;
    for (int i = 0; i < argc && i < 2; i++) {
        pid_t host = called(argv[i], CALLED), other = called(argv[i], CALLED_DETACHED);
        *detached = other > 0;
        if (host > 0 || other > 0) return host > 0 ? host : other;
    }
    return 0;
}

/* Close-on-exec everywhere: a child has what its request says, and nothing of ours. */
static void settle_fds(void) {
    nr_close_from(NR_FD_HOST + 1);
    for (int fd = NR_FD_HIRE; fd <= NR_FD_HOST; fd++) fcntl(fd, F_SETFD, FD_CLOEXEC);
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    int last = 2;
#ifdef NR_SANITIZED
    last = 1; /* where the sanitizers write */
    fcntl(2, F_SETFD, FD_CLOEXEC);
#endif
    for (int fd = 0; fd <= last; fd++) {
        if (null >= 0 && null != fd) dup3(null, fd, O_CLOEXEC);
        else fcntl(fd, F_SETFD, FD_CLOEXEC);
    }
    if (null > 2) close(null);
}

/* Whatever a terminal or a stranger sends, only SIGKILL and the end of a socket end us. An inherited ignored SIGCHLD would make
 * every wait lie. */
static void settle_signals(void) {
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL);
    nr_reset_signals();
}

/* Out of the host's session, and below nobody of the host's: whoever the host's orphans go to gets us. The host sees a fork that fails as
 * the end of both sockets. */
static void step_aside(void) {
    pid_t pid = fork();
    if (pid != 0) _exit(pid < 0 ? 125 : 0);
    setsid();
}

int main(int argc, char **argv) {
    bool detached;
    pid_t host = caller(argc, argv, &detached);
    if (host <= 0) {
        fprintf(stderr, "net-runner-shepherd is started by the net-runner package, never by hand: see `npx net-runner --help`.\n");
        return 125;
    }
    settle_signals();
    settle_fds();
    if (detached) step_aside();
    else setpgid(0, 0);
    nr_become_subreaper();
    nr_set_name("nr-forkserver");
    nr_hide_memory(true);
    nr_title_init(argc, argv);
    if (chdir("/") < 0) return 125;
    nr_server(host, detached);
}
