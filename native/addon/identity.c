/* Owns: what a child would inherit of this thread's rights, as one number that changes when any of it does.
 * Never: what follows from a change. */
#include <grp.h>
#include <linux/capability.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "addon.h"

#define MOST_GROUPS 65536
/* A double holds so many bits exactly. */
#define WHOLE_BITS ((UINT64_C(1) << 53) - 1)

/* FNV-1a: no secret is kept by it, two states must only rarely look the same. */
static uint64_t add(uint64_t hash, const void *bytes, size_t length) {
    for (size_t i = 0; i < length; i++) hash = (hash ^ ((const unsigned char *)bytes)[i]) * UINT64_C(1099511628211);
    return hash;
}

static uint64_t add_ids(uint64_t hash) {
    uid_t users[3] = {0};
    gid_t groups[3] = {0};
    getresuid(&users[0], &users[1], &users[2]);
    getresgid(&groups[0], &groups[1], &groups[2]);
    return add(add(hash, users, sizeof users), groups, sizeof groups);
}

static uint64_t add_groups(uint64_t hash) {
    static _Thread_local gid_t groups[MOST_GROUPS];
    int count = getgroups(MOST_GROUPS, groups);
    return count > 0 ? add(hash, groups, (size_t)count * sizeof *groups) : hash;
}

static uint64_t add_capabilities(uint64_t hash) {
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct data[2];
    memset(data, 0, sizeof data);
    syscall(SYS_capget, &header, data);
    return add(hash, data, sizeof data);
}

napi_value nr_identity(napi_env env, napi_callback_info info) {
    (void)info;
    int modes[2] = {prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), prctl(PR_GET_SECCOMP, 0, 0, 0, 0)};
    uint64_t hash = add_capabilities(add_groups(add_ids(UINT64_C(14695981039346656037))));
    return nr_number(env, (double)(add(hash, modes, sizeof modes) & WHOLE_BITS));
}
