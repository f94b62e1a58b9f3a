/* Owns: what the allocator of the process does with the memory of chunks that are no longer used.
 * Never: allocates for anybody. */
#ifndef NR_HEAP_H
#define NR_HEAP_H

#include <stddef.h>

/* A chunk of so many bytes is about to be allocated. Cheap; what it does, it does once in a process. */
void nr_heap_note(size_t length);

#endif
