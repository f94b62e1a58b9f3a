/* Owns: what the host asks for: read whole, checked strictly, then handed out as plain C.
 * Never: acting on it; trusting a byte of it. */
#ifndef NR_REQUEST_H
#define NR_REQUEST_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "bounds.h"
#include "cgroup.h"
#include "protocol.h"

#define NR_MOST_FDS 1024
#define NR_HIGHEST_FD 65535
/* Longer times are as good as this one (34 years), and cannot overflow when counted in nanoseconds. */
#define NR_LONGEST_MS (INT64_C(1) << 40)

struct nr_fd_row {
    int32_t target;
    int32_t source; /* index of a received descriptor, or -1: /dev/null */
    int32_t inherited;
};

struct nr_request {
    char *file, *cwd;
    char **argv; /* argv[-1] exists: room to run a script by a shell */
    char **envp;
    int fd_count, highest_target;
    int64_t timeout, kill_timeout, leftover_timeout; /* ms; timeout -1: none */
    int kill_signal;
    enum nr_reach stop_scope;
    enum nr_linger linger;
    enum nr_grouping grouping;
    pid_t host_group;
    enum nr_detachment detachment;
    struct nr_cgroup_wish cgroup;
    /* what nr_request_drop() gives back */
    void *bytes, *pointers;
    size_t bytes_size, pointers_size;
    /* the large ones last */
    struct nr_fd_row fds[NR_MOST_FDS];
    struct nr_bounds bounds;
};

/* Reads a whole request from a control socket. 0; ECONNRESET when the other end is gone; EPROTO, E2BIG, ENOMEM. `sources`: how many
 * descriptors came with the hire, control not counted. */
int nr_request_read(int control, int sources, struct nr_request *request);
/* The same from memory, which must stay as long as the request: it points into `bytes`. */
int nr_request_parse(uint8_t *bytes, size_t length, int sources, struct nr_request *request);
/* Gives back all memory. Fine on a zeroed one, and twice. */
void nr_request_drop(struct nr_request *request);

#endif
