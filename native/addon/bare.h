/* Owns: the descriptors that JavaScript holds as bare numbers, until an object takes them over or they are closed.
 * Never: a descriptor of the user's. */
#ifndef NR_BARE_H
#define NR_BARE_H

#include <stdbool.h>

struct nr_bare {
    int *fds;
    int count, room;
};

/* Remembers `fd`, so that a thread that ends between two lines of JavaScript leaves nothing open. Where there is no memory for that the
 * descriptor is as good as before, only unguarded. */
void nr_bare_add(struct nr_bare *bare, int fd);
/* Somebody owns it now, or it is closed; unknown numbers are ignored. */
void nr_bare_take(struct nr_bare *bare, int fd);
/* The environment ends: closes all that are left. */
void nr_bare_close_all(struct nr_bare *bare);

#endif
