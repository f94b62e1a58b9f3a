/* Owns: reading, writing and listing the small files of one cgroup by the descriptor of its directory.
 * Never: an allocation; a path of more than one part. */
#ifndef NR_CGROUP_FILE_H
#define NR_CGROUP_FILE_H

#include <stdbool.h>
#include <stdint.h>

/* Whole and at once: 0, or errno. */
int nr_cgroup_write(int dir, const char *file, const char *text);
/* What is in it, cut at `room`; -1 with errno. */
long nr_cgroup_read(int dir, const char *file, char *text, long room);
/* The number behind `key` in a file of "key number" lines; with a NULL key, the number that the file is. */
bool nr_cgroup_number(int dir, const char *file, const char *key, uint64_t *number);
/* The sum of the numbers behind `key=` over all lines. */
bool nr_cgroup_sum(int dir, const char *file, const char *key, uint64_t *sum);
/* Opens a directory that is itself no symbolic link, and in a cgroup2 tree; -1 with errno. */
int nr_cgroup_child(int dir, const char *name);
/* Calls `each` for every directory in this one. */
void nr_cgroup_each(int dir, void (*each)(void *arg, int dir, const char *name), void *arg);

#endif
