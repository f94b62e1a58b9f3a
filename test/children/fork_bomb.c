/* Owns: a fork bomb with a cap: every process forks for ever, and a killed one's place is taken again. MOST [setsid] [hop] [marker]
 * setsid: each in a session of its own. hop: each forks one successor and exits. Prints "up" when the cap was reached (hop: 100 hops).
 * Never: more than MOST processes at once (and never more than 1,000); outlives its safety deadline of 30 s. */
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define FEW 16

static struct shared {
    atomic_int said, hops;
    atomic_int place[1000]; /* 0: free; -1: being taken; else a pid */
} * bomb;

/* A place that is free or whose owner is dead; -1 when all are taken. Once all were, each process looks at a few places at a time: the
 * bomb is to be full and to fill up again, not to keep the kernel from running anybody else. */
static int take(int most) {
    int looks = atomic_load(&bomb->said) && most > FEW ? FEW : most;
    unsigned first = (unsigned)rand();
    for (int look = 0; look < looks; look++) {
        int i = (int)((first + (unsigned)look) % (unsigned)most);
        int owner = atomic_load(&bomb->place[i]);
        if (owner == -1 || (owner > 0 && (kill(owner, 0) == 0 || errno != ESRCH))) continue;
        if (atomic_compare_exchange_strong(&bomb->place[i], &owner, -1)) return i;
    }
    return -1;
}

static void say_up(void) {
    if (atomic_exchange(&bomb->said, 1) == 0) dprintf(STDOUT_FILENO, "up\n");
}

int main(int argc, char **argv) {
    int most = argc > 1 ? atoi(argv[1]) : 200;
    if (most < 2 || most > 1000) return 2;
    int own_session = 0, hop = 0;
    for (int i = 2; i < argc; i++) {
        own_session |= strcmp(argv[i], "setsid") == 0;
        hop |= strcmp(argv[i], "hop") == 0;
    }
    struct rlimit limit = {4096, 4096}; /* a second bound, should the first have a bug */
    setrlimit(RLIMIT_NPROC, &limit);
    bomb = mmap(NULL, sizeof *bomb, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (bomb == MAP_FAILED) return 1;
    signal(SIGCHLD, SIG_IGN); /* the dead leave the table at once */
    time_t end = time(NULL) + 30;
    atomic_store(&bomb->place[0], getpid());
    for (;;) {
        time_t now = time(NULL);
        if (now >= end) return 0;
        alarm((unsigned)(end - now));
        int place = take(most);
        if (place < 0) {
            say_up();
            usleep(1000);
            continue;
        }
        pid_t pid = fork();
        if (pid == 0) {
            atomic_store(&bomb->place[place], getpid());
            srand((unsigned)getpid());
            if (own_session) setsid();
            if (hop && atomic_fetch_add(&bomb->hops, 1) == 100) say_up();
        } else if (pid < 0) {
            atomic_store(&bomb->place[place], 0);
            usleep(200);
        } else if (hop) {
            return 0;
        }
    }
}
