/* Owns: one message on the hire socket: receiving it whole, and judging who sent it.
 * Never: what the job is. */
#include "hire.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "control.h"
#include "fault.h"

#ifndef SO_PEERGROUPS
#define SO_PEERGROUPS 59
#endif
#define MOST_GROUPS 65536

static struct {
    pid_t host;
    uid_t uid, effective_uid;
    gid_t gid, effective_gid;
    int group_count;
    gid_t groups[MOST_GROUPS];
} self;

void nr_hire_init(pid_t host) {
    self.host = host;
    self.uid = getuid();
    self.effective_uid = geteuid();
    self.gid = getgid();
    self.effective_gid = getegid();
    self.group_count = getgroups(MOST_GROUPS, self.groups);
}

/* The kernel keeps both lists in one order. Before 4.13 there is nothing to compare. */
static bool same_groups(int control) {
    static gid_t theirs[MOST_GROUPS];
    socklen_t length = (socklen_t)(self.group_count * (int)sizeof(gid_t)), ours = length;
    if (getsockopt(control, SOL_SOCKET, SO_PEERGROUPS, theirs, &length) < 0) return errno == ENOPROTOOPT;
    return length == ours && memcmp(theirs, self.groups, length) == 0;
}

/* The sender's real ids travel with the message; control has the effective ones of whoever made it. A host that dropped its
 * privileges must not get them back from us. */
static bool trust(const struct ucred *sender, int control) {
    struct ucred maker;
    socklen_t length = sizeof maker;
    if (!sender || sender->pid != self.host || sender->uid != self.uid || sender->gid != self.gid) return false;
    if (getsockopt(control, SOL_SOCKET, SO_PEERCRED, &maker, &length) < 0) return false;
    return maker.uid == self.effective_uid && maker.gid == self.effective_gid && same_groups(control);
}

static const struct ucred *unpack(struct msghdr *message, struct nr_hire *hire, struct ucred *sender) {
    bool found = false;
    for (struct cmsghdr *part = CMSG_FIRSTHDR(message); part; part = nr_next_part(message, part)) {
        if (part->cmsg_level != SOL_SOCKET) continue;
        size_t length = part->cmsg_len - CMSG_LEN(0);
        if (part->cmsg_type == SCM_CREDENTIALS && length == sizeof *sender) {
            memcpy(sender, CMSG_DATA(part), length);
            found = true;
        }
        if (part->cmsg_type == SCM_RIGHTS && length <= sizeof hire->fds) {
            memcpy(hire->fds, CMSG_DATA(part), length);
            hire->count = (int)(length / sizeof(int));
        }
    }
    return found ? sender : NULL;
}

int nr_hire_receive(int socket, int flags, struct nr_hire *hire) {
    uint8_t bytes[NR_FRAME_SIZE];
    struct iovec into = {bytes, sizeof bytes};
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(NR_HIRE_FDS * sizeof(int)) + CMSG_SPACE(sizeof(struct ucred))];
    } parts;
    struct msghdr message = {.msg_iov = &into, .msg_iovlen = 1, .msg_control = &parts, .msg_controllen = sizeof parts.space};
    ssize_t n = NR_CALL("recv-hire", recvmsg(socket, &message, flags | MSG_CMSG_CLOEXEC));
    if (n <= 0) return (int)n;
    struct ucred sender;
    hire->count = 0;
    hire->cut = message.msg_flags & MSG_CTRUNC;
    hire->frame = (struct nr_frame){0};
    const struct ucred *credentials = unpack(&message, hire, &sender);
    if (n == NR_FRAME_SIZE && !(message.msg_flags & MSG_TRUNC)) nr_frame_decode(bytes, &hire->frame);
    hire->trusted = hire->count > 0 && trust(credentials, hire->fds[0]);
    return 1;
}

void nr_hire_close(struct nr_hire *hire, int first) {
    for (int i = first; i < hire->count; i++) close(hire->fds[i]);
    if (hire->count > first) hire->count = first;
}
