/* Owns: frames in and out of one socket, without ever waiting for the other end.
 * Never: what a frame means. */
#include "control.h"

#include "fault.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- one frame; written out byte by byte, so that the wire is little-endian wherever this runs ---- */

static void put(uint8_t *bytes, uint64_t value, int size) {
    for (int i = 0; i < size; i++) bytes[i] = (uint8_t)(value >> (8 * i));
}

static uint64_t get(const uint8_t *bytes, int size) {
    uint64_t value = 0;
    for (int i = 0; i < size; i++) value |= (uint64_t)bytes[i] << (8 * i);
    return value;
}

void nr_frame_encode(uint8_t bytes[NR_FRAME_SIZE], const struct nr_frame *frame) {
    bytes[0] = frame->type;
    bytes[1] = frame->kind;
    put(bytes + 2, frame->zero, 2);
    put(bytes + 4, (uint32_t)frame->value, 4);
    put(bytes + 8, frame->extra, 8);
}

void nr_frame_decode(const uint8_t bytes[NR_FRAME_SIZE], struct nr_frame *frame) {
    frame->type = bytes[0];
    frame->kind = bytes[1];
    frame->zero = (uint16_t)get(bytes + 2, 2);
    frame->value = (int32_t)(uint32_t)get(bytes + 4, 4);
    frame->extra = get(bytes + 8, 8);
}

/* ---- open and close ---- */

void nr_control_open(struct nr_control *control, int fd, uint8_t out[NR_OUT_SIZE]) {
    control->fd = fd;
    control->out = out;
    control->ended = control->garbage = false;
    control->in_length = control->out_sent = control->out_length = 0;
    control->passed = -1;
}

void nr_control_close(struct nr_control *control) {
    if (control->fd >= 0) close(control->fd);
    control->fd = -1;
    control->out_sent = control->out_length = 0;
    control->passed = -1;
}

static void end(struct nr_control *control) {
    control->ended = true;
    nr_control_close(control);
}

/* ---- out ---- */

/* The first frame of which no byte is sent yet. */
static size_t unsent(const struct nr_control *control) {
    return (control->out_sent + NR_FRAME_SIZE - 1) / NR_FRAME_SIZE * NR_FRAME_SIZE;
}

static void compact(struct nr_control *control) {
    size_t whole = control->out_sent / NR_FRAME_SIZE * NR_FRAME_SIZE;
    if (whole == 0) return;
    memmove(control->out, control->out + whole, control->out_length - whole);
    control->out_length -= whole;
    control->out_sent -= whole;
}

static void forget_pauses(struct nr_control *control) {
    for (size_t at = unsent(control); at < control->out_length;) {
        uint8_t type = control->out[at];
        if (type != NR_STOPPED && type != NR_CONTINUED) {
            at += NR_FRAME_SIZE;
            continue;
        }
        control->out_length -= NR_FRAME_SIZE;
        memmove(control->out + at, control->out + at + NR_FRAME_SIZE, control->out_length - at);
    }
}

void nr_control_say(struct nr_control *control, enum nr_frame_type type, int kind, int32_t value, uint64_t extra) {
    if (control->fd < 0) return;
    if (type == NR_STOPPED || type == NR_CONTINUED) forget_pauses(control);
    if (control->out_length + NR_FRAME_SIZE > NR_OUT_SIZE) compact(control);
    if (control->out_length + NR_FRAME_SIZE > NR_OUT_SIZE) return;
    struct nr_frame frame = {.type = (uint8_t)type, .kind = (uint8_t)kind, .value = value, .extra = extra};
    nr_frame_encode(control->out + control->out_length, &frame);
    control->out_length += NR_FRAME_SIZE;
}

void nr_control_pass(struct nr_control *control, enum nr_frame_type type, int kind, int32_t value, int fd) {
    nr_control_say(control, type, kind, value, 0);
    if (control->fd >= 0 && control->passed < 0) control->passed = fd;
}

static ssize_t send_some(struct nr_control *control) {
    struct iovec bytes = {control->out + control->out_sent, NR_SHORT("send-control", control->out_length - control->out_sent)};
    struct msghdr message = {.msg_iov = &bytes, .msg_iovlen = 1};
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(sizeof(int))];
    } rights;
    if (control->passed >= 0) {
        memset(&rights, 0, sizeof rights);
        rights.header.cmsg_level = SOL_SOCKET;
        rights.header.cmsg_type = SCM_RIGHTS;
        rights.header.cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(&rights.header), &control->passed, sizeof(int));
        message.msg_control = &rights;
        message.msg_controllen = sizeof rights.space;
    }
    return NR_CALL("send-control", sendmsg(control->fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL));
}

void nr_control_flush(struct nr_control *control) {
    while (control->fd >= 0 && control->out_sent < control->out_length) {
        ssize_t n = send_some(control);
        if (n > 0) {
            control->out_sent += (size_t)n;
            control->passed = -1;
        } else if (errno == EAGAIN || errno == ENOBUFS || errno == ENOMEM) {
            return;
        } else if (errno != EINTR) {
            /* A pidfd that cannot travel (ETOOMANYREFS) must not cost the frame. */
            if (control->passed < 0) return end(control);
            control->passed = -1;
        }
    }
    control->out_sent = control->out_length = 0;
}

/* ---- in ---- */

short nr_control_events(const struct nr_control *control) {
    short events = POLLRDHUP;
    if (!control->garbage && nr_control_has_room(control)) events |= POLLIN;
    if (control->out_length > control->out_sent) events |= POLLOUT;
    return events;
}

bool nr_control_has_room(const struct nr_control *control) {
    size_t waiting = control->out_length - control->out_sent / NR_FRAME_SIZE * NR_FRAME_SIZE;
    return waiting < NR_OUT_ANSWERS * NR_FRAME_SIZE;
}

struct cmsghdr *nr_next_part(struct msghdr *message, struct cmsghdr *part) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wsign-compare"
    return CMSG_NXTHDR(message, part);
#pragma GCC diagnostic pop
}

/* Received descriptors become ours the moment recvmsg returns; there is no way to ask for the bytes alone. */
static void close_received(struct msghdr *message) {
    for (struct cmsghdr *part = CMSG_FIRSTHDR(message); part; part = nr_next_part(message, part)) {
        if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
        size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < count; i++) {
            int fd;
            memcpy(&fd, CMSG_DATA(part) + i * sizeof fd, sizeof fd);
            close(fd);
        }
    }
}

long nr_receive(int fd, void *bytes, size_t length) {
    struct iovec into = {bytes, length};
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(253 * sizeof(int))];
    } rights;
    struct msghdr message = {.msg_iov = &into, .msg_iovlen = 1, .msg_control = &rights, .msg_controllen = sizeof rights};
    ssize_t n;
    do n = recvmsg(fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    while (n < 0 && errno == EINTR);
    if (n >= 0 && message.msg_controllen) close_received(&message);
    return n;
}

void nr_control_read(struct nr_control *control, void (*each)(void *arg, const struct nr_frame *frame), void *arg) {
    while (control->fd >= 0 && !control->garbage && nr_control_has_room(control)) {
        long n = NR_CALL("recv-control", nr_receive(control->fd, control->in + control->in_length, NR_FRAME_SIZE - control->in_length));
        if (n < 0 && (errno == EAGAIN || errno == ENOMEM || errno == ENOBUFS)) return;
        if (n <= 0) return end(control);
        control->in_length += (size_t)n;
        if (control->in_length < NR_FRAME_SIZE) continue;
        struct nr_frame frame;
        nr_frame_decode(control->in, &frame);
        control->in_length = 0;
        each(arg, &frame);
    }
}
