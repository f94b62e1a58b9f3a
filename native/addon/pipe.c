/* Owns: bare descriptors: making, closing, asking what they are.
 * Never: takes part in the event loop. */
#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "addon.h"
#include "fault.h"

napi_value nr_bare_array(napi_env env, int result, const int *fds, uint32_t count) {
    if (result < 0) return nr_number(env, -errno);
    napi_value all;
    struct nr_bare *bare = &nr_addon_of(env)->bare;
    bool made = napi_create_array_with_length(env, count, &all) == napi_ok;
    for (uint32_t i = 0; made && i < count; i++) made = napi_set_element(env, all, i, nr_number(env, fds[i])) == napi_ok;
    for (uint32_t i = 0; i < count; i++) {
        if (made) nr_bare_add(bare, fds[i]);
        else close(fds[i]);
    }
    return made ? all : nr_failed(env);
}

/* Both ends block: the child's must, and ours is made non-blocking by the object that takes it. */
napi_value nr_pipe(napi_env env, napi_callback_info info) {
    (void)info;
    int fds[2];
    return nr_bare_array(env, NR_CALL("host-pipe", pipe2(fds, O_CLOEXEC)), fds, 2);
}

napi_value nr_socket_pair(napi_env env, napi_callback_info info) {
    (void)info;
    int fds[2];
    return nr_bare_array(env, NR_CALL("host-socketpair", socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds)), fds, 2);
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
