/* Owns: bare descriptors: making, closing, asking what they are.
 * Never: takes part in the event loop. */
#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "addon.h"

static napi_value pair(napi_env env, int result, const int fds[2]) {
    if (result < 0) return nr_number(env, -errno);
    napi_value both;
    struct nr_bare *bare = &nr_addon_of(env)->bare;
    if (napi_create_array_with_length(env, 2, &both) == napi_ok && napi_set_element(env, both, 0, nr_number(env, fds[0])) == napi_ok &&
        napi_set_element(env, both, 1, nr_number(env, fds[1])) == napi_ok) {
        nr_bare_add(bare, fds[0]);
        nr_bare_add(bare, fds[1]);
        return both;
    }
    close(fds[0]);
    close(fds[1]);
    return nr_failed(env);
}

/* Both ends block: the child's must, and ours is made non-blocking by the object that takes it. */
napi_value nr_pipe(napi_env env, napi_callback_info info) {
    (void)info;
    int fds[2];
    return pair(env, pipe2(fds, O_CLOEXEC), fds);
}

napi_value nr_socket_pair(napi_env env, napi_callback_info info) {
    (void)info;
    int fds[2];
    return pair(env, socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), fds);
}

static bool one_fd(napi_env env, napi_callback_info info, int *fd) {
    napi_value argument;
    return nr_arguments(env, info, 1, &argument) && nr_get_int(env, argument, fd);
}

napi_value nr_close(napi_env env, napi_callback_info info) {
    int fd;
    if (!one_fd(env, info, &fd) || fd < 0) return NULL;
    nr_bare_take(&nr_addon_of(env)->bare, fd);
    close(fd);
    return NULL;
}

napi_value nr_probe(napi_env env, napi_callback_info info) {
    int fd;
    if (!one_fd(env, info, &fd)) return NULL;
    return nr_number(env, fcntl(fd, F_GETFD) < 0 ? -errno : 0);
}

napi_value nr_is_terminal(napi_env env, napi_callback_info info) {
    int fd;
    return one_fd(env, info, &fd) ? nr_boolean(env, isatty(fd) == 1) : NULL;
}

napi_value nr_terminal_group(napi_env env, napi_callback_info info) {
    int fd;
    if (!one_fd(env, info, &fd)) return NULL;
    pid_t group = tcgetpgrp(fd);
    return nr_number(env, group < 0 ? -errno : group);
}

napi_value nr_process_group(napi_env env, napi_callback_info info) {
    (void)info;
    return nr_number(env, getpgrp());
}
