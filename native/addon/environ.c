/* Owns: a copy of environ with changes.
 * Never: changes environ; reads it on another thread than the one that may write it (the main thread). */
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "addon.h"

/* Changes: entries of KEY=VALUE or KEY alone, each ended by a NUL. */
struct changes {
    const char *text;
    size_t length;
};

static size_t key_length(const char *entry, size_t length) {
    const char *sign = length > 0 ? memchr(entry + 1, '=', length - 1) : NULL;
    return sign ? (size_t)(sign - entry) : length;
}

static size_t entry_length(const struct changes *changes, size_t at) {
    const char *end = memchr(changes->text + at, 0, changes->length - at);
    return end ? (size_t)(end - changes->text) - at : changes->length - at;
}

static bool is_changed(const struct changes *changes, const char *entry, size_t key) {
    for (size_t at = 0, length; at < changes->length; at += length + 1) {
        length = entry_length(changes, at);
        const char *change = changes->text + at;
        if (key_length(change, length) == key && memcmp(change, entry, key) == 0) return true;
    }
    return false;
}

/* Writes the merged entries to `to`, or only counts where that is NULL. */
static size_t merge(const struct changes *changes, char *to) {
    size_t total = 0;
    for (char **entry = environ; entry && *entry; entry++) {
        size_t length = strlen(*entry), key = key_length(*entry, length);
        if (key == length || is_changed(changes, *entry, key)) continue;
        if (to) memcpy(to + total, *entry, length + 1);
        total += length + 1;
    }
    for (size_t at = 0, length; at < changes->length; at += length + 1) {
        length = entry_length(changes, at);
        if (key_length(changes->text + at, length) == length) continue;
        if (to) memcpy(to + total, changes->text + at, length), to[total + length] = 0;
        total += length + 1;
    }
    return total;
}

/* undefined on any other thread than the process's first. */
napi_value nr_environment(napi_env env, napi_callback_info info) {
    if (syscall(SYS_gettid) != getpid()) return NULL;
    napi_value argument, buffer;
    unsigned char *text;
    size_t length;
    void *data;
    if (!nr_arguments(env, info, 1, &argument) || !nr_get_bytes(env, argument, &text, &length)) return NULL;
    const struct changes changes = {(const char *)text, length};
    if (napi_create_buffer(env, merge(&changes, NULL), &data, &buffer) != napi_ok) return nr_failed(env);
    merge(&changes, data);
    return buffer;
}
