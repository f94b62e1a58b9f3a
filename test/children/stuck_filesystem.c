/* Owns: a file system that stops answering: DIR gets, in a mount namespace of its own, one executable file "stuck" that can be found and never
 * be opened. Then the command runs there, as this process. Says "found" when somebody has looked the file up. DIR command [args...]
 * Never: changes a mount that anybody else sees; outlives the command. Exits with 77 where this is not allowed. */
#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

static int device;

static void answer(uint64_t unique, int error, const void *body, size_t length) {
    char bytes[512];
    struct fuse_out_header header = {(uint32_t)(sizeof header + length), error, unique};
    memcpy(bytes, &header, sizeof header);
    if (length) memcpy(bytes + sizeof header, body, length);
    if (write(device, bytes, sizeof header + length) < 0) _exit(3);
}

static struct fuse_attr describe(uint64_t node) {
    struct fuse_attr attr = {.ino = node, .nlink = 1, .blksize = 4096, .size = 4096};
    attr.mode = node == FUSE_ROOT_ID ? S_IFDIR | 0755 : S_IFREG | 0755;
    return attr;
}

/* false: somebody has found the file, and nobody is answered any more. */
static int serve(const struct fuse_in_header *in, const char *body) {
    switch (in->opcode) {
    case FUSE_INIT: {
        struct fuse_init_out out = {.major = FUSE_KERNEL_VERSION, .minor = 31, .max_write = 4096, .max_readahead = 4096};
        answer(in->unique, 0, &out, sizeof out);
        return 1;
    }
    case FUSE_GETATTR: {
        struct fuse_attr_out out = {.attr_valid = 1000, .attr = describe(in->nodeid)};
        answer(in->unique, 0, &out, sizeof out);
        return 1;
    }
    case FUSE_LOOKUP: {
        struct fuse_entry_out out = {.nodeid = 2, .entry_valid = 1000, .attr_valid = 1000, .attr = describe(2)};
        int found = strcmp(body, "stuck") == 0;
        answer(in->unique, found ? 0 : -ENOENT, found ? &out : NULL, found ? sizeof out : 0);
        return !found;
    }
    case FUSE_FORGET:
    case FUSE_BATCH_FORGET:
        return 1;
    default:
        answer(in->unique, -ENOSYS, NULL, 0);
        return 1;
    }
}

static void be_the_filesystem(pid_t command) {
    static char request[1 << 17];
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != command) _exit(0); /* it was over before it could be tied to */
    alarm(120);
    for (;;) {
        if (read(device, request, sizeof request) < 0) _exit(4);
        if (!serve((const struct fuse_in_header *)request, request + sizeof(struct fuse_in_header))) break;
    }
    dprintf(STDOUT_FILENO, "found\n");
    for (;;) pause();
}

int main(int argc, char **argv) {
    char options[128];
    if (argc < 3) return 2;
    device = open("/dev/fuse", O_RDWR | O_CLOEXEC);
    if (device < 0 || unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0) return 77;
    snprintf(options, sizeof options, "fd=%d,rootmode=40000,user_id=%u,group_id=%u", device, getuid(), getgid());
    if (mount("nr-stuck", argv[1], "fuse", MS_NOSUID | MS_NODEV, options) < 0) return 77;
    pid_t self = getpid(), pid = fork();
    if (pid < 0) return 1;
    if (pid == 0) be_the_filesystem(self);
    execv(argv[2], argv + 2);
    return 1;
}
