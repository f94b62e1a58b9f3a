/* Owns: the shepherd's side of a birth: the pipe that brings errors back, vfork, reaping a failure.
 * Never: what happens in the child (child.c); what happens to it afterwards. */
#include "spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child.h"
#include "platform.h"
#include "fault.h"

/* The child shares our memory and our stack until it executes or exits, so this function does nothing else and the child's part
 * never returns. AddressSanitizer does not know vfork's rules. */
static pid_t split_off(struct nr_plan *plan) {
#ifdef NR_SANITIZED
    pid_t pid = fork();
#else
    pid_t pid = vfork();
#endif
    if (pid == 0) nr_child(plan);
    return pid;
}

static int failed(struct nr_birth *birth, enum nr_stage stage, int error) {
    birth->stage = stage;
    birth->error = error;
    return -1;
}

static void plan_fds(struct nr_plan *plan, const int *sources, int null) {
    const struct nr_request *request = plan->request;
    plan->terminal = -1;
    for (int i = 0; i < request->fd_count; i++) {
        int source = request->fds[i].source;
        plan->sources[i] = source < 0 ? null : sources[source];
        if (request->fds[i].target == 0) plan->terminal = plan->sources[i];
    }
}

/* What another user may open again by /dev/stdout must belong to him. Only what was made for this child: a descriptor of the host's
 * own is not ours to give away. */
static int give_pipes(const struct nr_plan *plan) {
    const struct nr_bounds *bounds = &plan->request->bounds;
    if (!nr_bounds_changes_user(bounds)) return 0;
    uid_t uid = bounds->uid == NR_NOT_GIVEN ? (uid_t)-1 : (uid_t)bounds->uid;
    gid_t gid = bounds->gid == NR_NOT_GIVEN ? (gid_t)-1 : (gid_t)bounds->gid;
    for (int i = 0; i < plan->request->fd_count; i++) {
        const struct nr_fd_row *row = &plan->request->fds[i];
        /* Not the right to: then taking the identity will fail as well, and says so better. */
        if (row->source >= 0 && !row->inherited && fchown(plan->sources[i], uid, gid) < 0 && errno != EPERM) return errno;
    }
    return 0;
}

static const char *search_path(const struct nr_request *request) {
    for (char **variable = request->envp; *variable; variable++)
        if (strncmp(*variable, "PATH=", 5) == 0) return *variable + 5;
    return "/bin:/usr/bin";
}

static _Alignas(4096) struct nr_plan plan;

void nr_spawn_forget(void) {
    nr_give_back(&plan, sizeof plan);
}

int nr_spawn(struct nr_request *request, const int *sources, int null, int cgroup, struct nr_birth *birth) {
    int ends[2];
    if (NR_CALL("pipe-errors", pipe2(ends, O_CLOEXEC)) < 0) return failed(birth, NR_STAGE_PREPARE, errno);
    plan.request = request;
    plan.path = search_path(request);
    plan.shepherd = getpid();
    plan.errors = ends[1];
    plan.cgroup = cgroup;
    plan_fds(&plan, sources, null);
    int kept = give_pipes(&plan);
    if (kept) {
        close(ends[0]);
        close(ends[1]);
        return failed(birth, NR_STAGE_CHOWN, kept);
    }
    bool apart = request->cgroup.isolation == NR_ISOLATION_PIDNS;
    birth->space = (struct nr_namespace)NR_NO_NAMESPACE;
    NR_STEP("fork");
    pid_t pid = NR_CALL("fork-child", apart ? nr_namespace_split(&plan, &birth->space) : split_off(&plan));
    int error = errno;
    close(ends[1]);
    if (pid < 0) {
        close(ends[0]);
        return failed(birth, apart ? NR_STAGE_NAMESPACE : NR_STAGE_FORK, error);
    }
    /* Every copy of the other end is closed by exec or exit, so this ends, and its end without a byte is a success. Shared memory
     * would be simpler, but emulators and valgrind make vfork a fork. */
    struct nr_child_error said;
    ssize_t n;
    do n = read(ends[0], &said, sizeof said);
    while (n < 0 && errno == EINTR);
    close(ends[0]);
    birth->pid = pid;
    if (n <= 0 && pid > 0) return 0;
    if (apart) nr_namespace_end(&birth->space);
    if (n <= 0) return failed(birth, NR_STAGE_NAMESPACE, ECHILD);
    if (n != sizeof said) said = (struct nr_child_error){NR_STAGE_EXEC, EIO};
    if (!apart) while (waitpid(pid, NULL, __WALL) < 0 && errno == EINTR) {}
    return failed(birth, (enum nr_stage)said.stage, said.error);
}
