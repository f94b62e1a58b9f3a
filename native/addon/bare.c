/* Owns: the descriptors that JavaScript holds as bare numbers, until an object takes them over or they are closed.
 * Never: a descriptor of the user's. */
#include "bare.h"

#include <stdlib.h>
#include <unistd.h>

void nr_bare_add(struct nr_bare *bare, int fd) {
    if (fd < 0) return;
    if (bare->count == bare->room) {
        int room = bare->room ? bare->room * 2 : 32;
        int *fds = realloc(bare->fds, (size_t)room * sizeof *fds);
        if (!fds) return;
        bare->fds = fds;
        bare->room = room;
    }
    bare->fds[bare->count++] = fd;
}

/* From the end: most are taken soon after they were made. */
void nr_bare_take(struct nr_bare *bare, int fd) {
    for (int i = bare->count - 1; i >= 0; i--) {
        if (bare->fds[i] != fd) continue;
        bare->fds[i] = bare->fds[--bare->count];
        return;
    }
}

void nr_bare_close_all(struct nr_bare *bare) {
    for (int i = 0; i < bare->count; i++) close(bare->fds[i]);
    free(bare->fds);
    *bare = (struct nr_bare){0};
}
