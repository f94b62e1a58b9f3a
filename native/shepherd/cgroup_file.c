/* Owns: reading, writing and listing the small files of one cgroup by the descriptor of its directory.
 * Never: an allocation; a path of more than one part. */
#include "cgroup_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cgroup.h"

int nr_cgroup_write(int dir, const char *file, const char *text) {
    int fd = openat(dir, file, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0) return errno;
    ssize_t n;
    do n = write(fd, text, strlen(text));
    while (n < 0 && errno == EINTR);
    int error = n < 0 ? errno : 0;
    close(fd);
    return error;
}

long nr_cgroup_read(int dir, const char *file, char *text, long room) {
    int fd = openat(dir, file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0) return -1;
    long length = 0;
    ssize_t n;
    while (length < room - 1 && (n = read(fd, text + length, (size_t)(room - 1 - length))) > 0) length += n;
    text[length] = 0;
    close(fd);
    return length;
}

static bool digits(const char *at, uint64_t *number) {
    if (*at < '0' || *at > '9') return false;
    for (*number = 0; *at >= '0' && *at <= '9'; at++) *number = *number * 10 + (uint64_t)(*at - '0');
    return true;
}

/* The start of the next line, or NULL. */
static const char *next_line(const char *at) {
    at = strchr(at, '\n');
    return at && at[1] ? at + 1 : NULL;
}

bool nr_cgroup_number(int dir, const char *file, const char *key, uint64_t *number) {
    char text[4096];
    if (nr_cgroup_read(dir, file, text, sizeof text) < 0) return false;
    if (!key) return digits(text, number);
    size_t length = strlen(key);
    for (const char *at = text; at; at = next_line(at))
        if (strncmp(at, key, length) == 0 && at[length] == ' ') return digits(at + length + 1, number);
    return false;
}

bool nr_cgroup_sum(int dir, const char *file, const char *key, uint64_t *sum) {
    char text[8192];
    if (nr_cgroup_read(dir, file, text, sizeof text) < 0) return false;
    *sum = 0;
    for (const char *at = text; (at = strstr(at, key)); at += strlen(key)) {
        uint64_t number;
        if (digits(at + strlen(key), &number)) *sum += number;
    }
    return true;
}

int nr_cgroup_child(int dir, const char *name) {
    int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 || nr_cgroup_is_one(fd)) return fd;
    close(fd);
    errno = EXDEV; /* something else is mounted over it */
    return -1;
}

/* What getdents64 fills. */
struct entry {
    uint64_t inode;
    int64_t next;
    unsigned short length;
    unsigned char type;
    char name[];
};

#define DIRECTORY 4

void nr_cgroup_each(int dir, void (*each)(void *arg, int dir, const char *name), void *arg) {
    _Alignas(struct entry) char block[8192];
    /* A reading position of its own: the descriptor may be shared with the host. */
    int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return;
    long n;
    while ((n = syscall(SYS_getdents64, fd, block, sizeof block)) > 0)
        for (long at = 0; at < n;) {
            struct entry *entry = (struct entry *)(block + at);
            if (entry->type == DIRECTORY && entry->name[0] != '.') each(arg, dir, entry->name);
            at += entry->length;
        }
    close(fd);
}
