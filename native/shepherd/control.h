/* Owns: frames in and out of one socket, without ever waiting for the other end.
 * Never: what a frame means. */
#ifndef NR_CONTROL_H
#define NR_CONTROL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol.h"

/* The queue: answers to questions may fill ANSWERS places; the rest is kept for what a job says once: HELLO, STARTED or FAILED,
 * STOPPING, two halves of 32 LEFTOVERs, what was reaped at the exit and at the end and the cgroup's figures
 * (and both once more, for one who asks), EXITED, 32 UNKILLABLEs, OOM, GONE, and one of STOPPED and CONTINUED. */
#define NR_OUT_ANSWERS 64
#define NR_OUT_FRAMES (NR_OUT_ANSWERS + 192)
#define NR_OUT_SIZE (NR_OUT_FRAMES * NR_FRAME_SIZE)
#define NR_MOST_LEFTOVERS 32
#define NR_MOST_UNKILLABLE 32

struct nr_control {
    int fd;       /* -1: the other end is gone, or we hung up; frames said from then on are dropped */
    bool ended;   /* the other end is gone */
    bool garbage; /* something unreadable came: nothing more is read */
    uint8_t in[NR_FRAME_SIZE];
    size_t in_length;
    uint8_t *out; /* NR_OUT_SIZE bytes of the owner's: apart, since they are written to seldom, and by page */
    size_t out_sent, out_length;
    int passed; /* a descriptor that rides along with what is sent next, or -1; not owned */
};

void nr_frame_encode(uint8_t bytes[NR_FRAME_SIZE], const struct nr_frame *frame);
void nr_frame_decode(const uint8_t bytes[NR_FRAME_SIZE], struct nr_frame *frame);

/* Takes over `fd`; `out` stays the caller's, and must live as long as the control. */
void nr_control_open(struct nr_control *control, int fd, uint8_t out[NR_OUT_SIZE]);
void nr_control_close(struct nr_control *control);

/* Queues a frame; nothing is sent before nr_control_flush(). STOPPED and CONTINUED replace one another as long as they are unsent. */
void nr_control_say(struct nr_control *control, enum nr_frame_type type, int kind, int32_t value, uint64_t extra);
/* The same, with a descriptor to ride along. It must stay open until the flush after which `passed` is -1. One at a time: as long as
 * another waits, the frame goes without. */
void nr_control_pass(struct nr_control *control, enum nr_frame_type type, int kind, int32_t value, int fd);
/* Sends what the socket takes. Sets `ended` when nobody is there any more. */
void nr_control_flush(struct nr_control *control);

/* What poll() shall wait for. Without POLLIN the end of the other side is still seen. */
short nr_control_events(const struct nr_control *control);
/* Is there room for one more answer? If not, nothing is read: the host waits for us as we wait for it. */
bool nr_control_has_room(const struct nr_control *control);
/* Reads and calls `each` for every whole frame, as long as there is room for answers. Sets `ended` at the end of the stream. */
void nr_control_read(struct nr_control *control, void (*each)(void *arg, const struct nr_frame *frame), void *arg);

struct cmsghdr;
struct msghdr;
/* CMSG_NXTHDR, whose expansion in musl compares signed with unsigned. */
struct cmsghdr *nr_next_part(struct msghdr *message, struct cmsghdr *part);
/* recvmsg() that closes descriptors nobody asked for, never waits and takes no signal. As recv(): 0 is the end. */
long nr_receive(int fd, void *bytes, size_t length);

#endif
