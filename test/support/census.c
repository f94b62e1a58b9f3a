/* Owns: the count of what a command leaves behind. Makes itself a subreaper, so that every orphan of the command becomes its child; runs the
 * command; then looks who is still there, ends them, and says so in one line. Fails when anything was left.
 *     census [--grace MS] command [args...]
 * Descriptors, and zombies of a test file's own, are counted by that file (census.ts), which appends lines to the file NET_RUNNER_CENSUS.
 * Never: signals a process that is not its own descendant; calls an orphan that has ended by itself within the grace left behind. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifndef __WALL
#define __WALL 0x40000000 /* children with another exit signal too, or ECHILD would lie */
#endif

struct process {
    pid_t pid, parent;
    char state;
    int ours; /* a descendant of this process */
};
struct counts {
    long processes, zombies, fds, cgroups;
};

static struct process table[65536];
static pid_t command;

static void pass_on(int number) {
    if (command > 0) kill(command, number);
}

static long now_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Whole content of a small file of /proc; 0 when it is not there any more. */
static size_t slurp(const char *path, char *into, size_t room) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return 0;
    ssize_t n = read(fd, into, room - 1);
    close(fd);
    if (n < 0) n = 0;
    into[n] = '\0';
    return (size_t)n;
}

/* Every process of the machine that we can see, with our descendants marked. */
static size_t look(void) {
    size_t n = 0;
    DIR *proc = opendir("/proc");
    if (proc == NULL) return 0;
    for (struct dirent *e; (e = readdir(proc)) != NULL && n < sizeof table / sizeof *table;) {
        char path[64], stat[1024];
        pid_t pid = (pid_t)atol(e->d_name);
        if (pid <= 0) continue;
        snprintf(path, sizeof path, "/proc/%d/stat", pid);
        if (slurp(path, stat, sizeof stat) == 0) continue;
        char *name_end = strrchr(stat, ')'); /* the name may hold anything, a ')' too */
        int parent;
        char state;
        if (name_end == NULL || sscanf(name_end + 1, " %c %d", &state, &parent) != 2) continue;
        table[n++] = (struct process){pid, parent, state, parent == getpid()};
    }
    closedir(proc);
    for (int changed = 1; changed;) {
        changed = 0;
        for (size_t i = 0; i < n; i++)
            for (size_t j = 0; !table[i].ours && j < n; j++)
                if (table[j].ours && table[j].pid == table[i].parent) table[i].ours = changed = 1;
    }
    return n;
}

/* Reaps what there is. 0: nobody is left, which is a proof. 1: somebody is. */
static int reap(int *status) {
    for (;;) {
        int got;
        pid_t pid = waitpid(-1, &got, WNOHANG | __WALL);
        if (pid == 0) return 1;
        if (pid < 0 && errno == EINTR) continue;
        if (pid < 0) return 0;
        if (pid == command) {
            *status = got;
            command = 0;
        }
    }
}

/* Waits until nobody is left or the time is over. */
static int reap_for(long ms, int *status) {
    for (long end = now_ms() + ms;;) {
        if (!reap(status)) return 0;
        if (now_ms() >= end) return 1;
        usleep(2000);
    }
}

static void describe(const struct process *p) {
    char path[64], line[512];
    snprintf(path, sizeof path, "/proc/%d/cmdline", p->pid);
    size_t n = slurp(path, line, sizeof line);
    if (n == 0) {
        snprintf(path, sizeof path, "/proc/%d/comm", p->pid);
        n = slurp(path, line, sizeof line);
    }
    for (size_t i = 0; i < n; i++)
        if (line[i] == '\0' || line[i] == '\n') line[i] = ' ';
    printf("left behind: pid %d (parent %d, state %c): %s\n", p->pid, p->parent, p->state, line);
}

/* Counts and ends whoever is left. A zombie of ours to reap is no leftover: that is what being a subreaper means. */
static void end_the_rest(struct counts *left, int *status) {
    size_t n = look();
    for (size_t i = 0; i < n; i++) {
        if (!table[i].ours || (table[i].state == 'Z' && table[i].parent == getpid())) continue;
        describe(&table[i]);
        if (table[i].state == 'Z') left->zombies++;
        else left->processes++;
    }
    for (long end = now_ms() + 5000; now_ms() < end;) {
        /* Nobody is reaped between the look and the kills, so direct children's pids cannot be anybody else's; deeper ones could in theory
         * end and be replaced within these microseconds, which a test machine may risk. */
        n = look();
        for (size_t i = 0; i < n; i++)
            if (table[i].ours && table[i].state != 'Z') kill(table[i].pid, SIGKILL);
        if (!reap_for(20, status)) return;
    }
    printf("left behind: some could not be ended within 5 s\n");
}

/* The job of such a directory lives as long as somebody has it locked; one of the tests' own bears its process's number. Either may be another
 * run of these tests on this machine. */
static int is_held(int parent, const char *name) {
    int owner;
    if (sscanf(name, "nr-test-%d", &owner) == 1) return kill(owner, 0) == 0;
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) return 1; /* removed since */
    int held = flock(fd, LOCK_EX | LOCK_NB) != 0;
    close(fd);
    return held;
}

/* Directories of ours in this process's own cgroup whose job is gone. */
static long count_cgroups(void) {
    static const char *const mounts[] = {"/sys/fs/cgroup/unified", "/sys/fs/cgroup"};
    char own[4096], path[8192];
    size_t n = slurp("/proc/self/cgroup", own, sizeof own);
    char *line = n == 0 ? NULL : strncmp(own, "0::", 3) == 0 ? own : strstr(own, "\n0::");
    if (line == NULL) return 0;
    line = strstr(line, "0::") + 3;
    line[strcspn(line, "\n")] = '\0';
    long found = 0;
    for (size_t i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "%s%s/cgroup.procs", mounts[i], line);
        if (access(path, F_OK) != 0) continue;
        *strrchr(path, '/') = '\0';
        DIR *dir = opendir(path);
        if (dir == NULL) continue;
        for (struct dirent *e; (e = readdir(dir)) != NULL;) found += strncmp(e->d_name, "nr-", 3) == 0 && !is_held(dirfd(dir), e->d_name);
        closedir(dir);
    }
    return found;
}

/* What the test files have written: "NAME COUNT" lines. */
static void add_reports(const char *path, struct counts *left) {
    FILE *reports = fopen(path, "re");
    char name[32];
    long count;
    while (reports != NULL && fscanf(reports, "%31s %ld", name, &count) == 2) {
        if (strcmp(name, "fds") == 0) left->fds += count;
        if (strcmp(name, "zombies") == 0) left->zombies += count;
    }
    if (reports != NULL) fclose(reports);
    unlink(path);
}

int main(int argc, char **argv) {
    long grace = 3000;
    int at = 1;
    if (argc > 2 && strcmp(argv[1], "--grace") == 0) {
        grace = atol(argv[2]);
        at = 3;
    }
    if (at >= argc) {
        fputs("usage: census [--grace MS] command [args...]\n", stderr);
        return 125;
    }
    if (prctl(PR_SET_CHILD_SUBREAPER, 1) != 0) {
        perror("census: prctl(PR_SET_CHILD_SUBREAPER)");
        return 125;
    }
    char reports[] = "/tmp/net-runner-census-XXXXXX";
    int fd = mkstemp(reports);
    if (fd >= 0) close(fd);
    setenv("NET_RUNNER_CENSUS", reports, 1);
    struct counts left = {0, 0, 0, -count_cgroups()};

    signal(SIGCHLD, SIG_DFL); /* inherited as ignored, it would make every waitpid() lie */
    struct sigaction forward = {.sa_handler = pass_on};
    sigaction(SIGTERM, &forward, NULL);
    sigaction(SIGHUP, &forward, NULL);
    fflush(stdout);
    command = fork();
    if (command == 0) {
        execvp(argv[at], argv + at);
        perror(argv[at]);
        _exit(127);
    }
    if (command < 0) {
        perror("census: fork");
        unlink(reports);
        return 125;
    }
    signal(SIGINT, SIG_IGN); /* a ^C is the command's: it ends, and then this program counts */

    int status = 0;
    while (command > 0) {
        int got;
        pid_t pid = waitpid(-1, &got, __WALL);
        if (pid == command) {
            status = got;
            command = 0;
        }
    }
    /* Shepherds and fork servers end when they see their host's end, which takes them a moment. */
    if (reap_for(grace, &status)) end_the_rest(&left, &status);
    /* What another run on this machine has just made is gone again in a moment. */
    long cgroups = count_cgroups();
    for (long end = now_ms() + 10000; left.cgroups + cgroups > 0 && now_ms() < end; cgroups = count_cgroups()) usleep(50000);
    left.cgroups = left.cgroups + cgroups > 0 ? left.cgroups + cgroups : 0;
    add_reports(reports, &left);
    printf("left behind: %ld processes, %ld zombies, %ld fds, %ld cgroups\n", left.processes, left.zombies, left.fds, left.cgroups);
    fflush(stdout);
    int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    int clean = left.processes == 0 && left.zombies == 0 && left.fds == 0 && left.cgroups == 0;
    return code != 0 ? code : clean ? 0 : 1;
}
