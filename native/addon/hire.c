/* Owns: the host's dealings with processes that run: one message with descriptors, signals by pidfd, reaping by pid.
 * Never: what a message says; a signal to a bare pid. */
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "addon.h"
#include "fault.h"

/* SCM_MAX_FD of the kernel. */
#define MOST_FDS 253

#ifndef SYS_pidfd_send_signal
#define SYS_pidfd_send_signal 424
#endif

static bool get_fds(napi_env env, napi_value array, int *fds, uint32_t *count) {
    if (napi_get_array_length(env, array, count) != napi_ok) return nr_refuse(env, "an array of descriptors is needed here"), false;
    if (*count > MOST_FDS) return true;
    for (uint32_t i = 0; i < *count; i++) {
        napi_value element;
        if (napi_get_element(env, array, i, &element) != napi_ok || !nr_get_int(env, element, &fds[i])) return nr_failed(env), false;
    }
    return true;
}

static int send_with_fds(int socket, void *bytes, size_t length, const int *fds, size_t count) {
    struct iovec text = {bytes, length};
    union {
        struct cmsghdr aligned;
        char bytes[CMSG_SPACE(MOST_FDS * sizeof(int))];
    } control;
    struct msghdr message = {.msg_iov = &text, .msg_iovlen = 1};
    if (count > 0) {
        memset(&control, 0, CMSG_SPACE(count * sizeof(int)));
        message.msg_control = &control;
        message.msg_controllen = CMSG_SPACE(count * sizeof(int));
        struct cmsghdr *rights = CMSG_FIRSTHDR(&message);
        rights->cmsg_level = SOL_SOCKET;
        rights->cmsg_type = SCM_RIGHTS;
        rights->cmsg_len = CMSG_LEN(count * sizeof(int));
        memcpy(CMSG_DATA(rights), fds, count * sizeof(int));
    }
    ssize_t sent;
    do sent = NR_CALL("host-hire", sendmsg(socket, &message, MSG_DONTWAIT | MSG_NOSIGNAL));
    while (sent < 0 && errno == EINTR);
    if (sent < 0) return -errno;
    return (size_t)sent == length ? 0 : -EMSGSIZE;
}

napi_value nr_hire(napi_env env, napi_callback_info info) {
    napi_value arguments[3];
    int socket, fds[MOST_FDS];
    unsigned char *bytes;
    size_t length;
    uint32_t count;
    if (!nr_arguments(env, info, 3, arguments) || !nr_get_int(env, arguments[0], &socket)) return NULL;
    if (!nr_get_bytes(env, arguments[1], &bytes, &length) || !get_fds(env, arguments[2], fds, &count)) return NULL;
    return nr_number(env, count > MOST_FDS ? -EINVAL : send_with_fds(socket, bytes, length, fds, count));
}

napi_value nr_signal(napi_env env, napi_callback_info info) {
    napi_value arguments[3];
    int pidfd, signal, flags;
    if (!nr_arguments(env, info, 3, arguments) || !nr_get_int(env, arguments[0], &pidfd) || !nr_get_int(env, arguments[1], &signal) ||
        !nr_get_int(env, arguments[2], &flags))
        return NULL;
    long result = syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, (unsigned)flags);
    return nr_number(env, result < 0 ? -errno : 0);
}

napi_value nr_become_subreaper(napi_env env, napi_callback_info info) {
    (void)info;
    return nr_number(env, prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0 ? -errno : 0);
}

napi_value nr_reap(napi_env env, napi_callback_info info) {
    napi_value argument;
    int pid;
    if (!nr_arguments(env, info, 1, &argument) || !nr_get_int(env, argument, &pid)) return NULL;
    if (pid <= 0) return nr_boolean(env, true); /* waitpid() would take a stranger's child */
    return nr_boolean(env, nr_servers_reap(&nr_addon_of(env)->servers, pid));
}
