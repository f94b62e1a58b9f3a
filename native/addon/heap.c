/* Owns: the rule of heap.h.
 * Never: changes what the user has set (mallopt(), MALLOC_*), or an allocator that is not glibc's. */
#include "heap.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

/* Below, a chunk is one of those that everybody allocates. */
#define LARGE (64u << 10)
/* The engine lets go of dead chunks 32 MiB at a time. */
#define FREED_AT_ONCE (30u << 20)

/* Of the process, as the allocator is. */
static atomic_bool done;

/* glibc gives the end of its heap back to the kernel as soon as 128 KiB of it are free, and every chunk then takes its pages anew: through `cat`
 * that cost a third of the speed. It learns from what it sees: once a mapping of n bytes was freed, it waits until 2n are. So it is shown one of
 * the size that is to come; nobody touches it. */
void nr_heap_note(size_t length) {
    if (length <= LARGE || atomic_load_explicit(&done, memory_order_relaxed) || atomic_exchange(&done, true)) return;
#ifdef __GLIBC__
    void *volatile seen = malloc(FREED_AT_ONCE);
    free(seen);
#endif
}
