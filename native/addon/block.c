/* Owns: the growing blocks of block.h.
 * Never: reads from a descriptor. */
#include "block.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* What most commands write fits here. */
#define FIRST (8u << 10)
/* Twice a default pipe: a reader that keeps up needs no more at a time. */
#define FIRST_MAPPED (128u << 10)
/* What is asked of the kernel at a time: all that a busy pipe holds, and little enough to stay in the cache until it is filled. */
#define TOUCH (256u << 10)
/* Below this a copy is cheaper than a finalizer. */
#define WORTH_HANDING_OVER (64u << 10)

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

static size_t whole_pages(size_t size) {
    return (size + 0xffff) & ~(size_t)0xffff; /* a multiple of every page size there is */
}

static bool grow_mapped(struct nr_block *block, size_t used, size_t most) {
    size_t size = block->mapped ? block->capacity * 2 : FIRST_MAPPED;
    if (size > whole_pages(most)) size = whole_pages(most);
    if (size <= block->capacity) return false;
    void *data;
    if (block->mapped) {
        data = mremap(block->data, block->capacity, size, MREMAP_MAYMOVE);
        if (data == MAP_FAILED) return false;
    } else {
        data = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (data == MAP_FAILED) return false;
        if (used > 0) memcpy(data, block->data, used);
        free(block->data);
        block->touched = 0;
    }
    *block = (struct nr_block){data, size, true, block->touched};
    return true;
}

bool nr_block_grow(struct nr_block *block, size_t used, size_t most) {
    if (block->data) return grow_mapped(block, used, most);
    size_t size = most < FIRST ? most : FIRST;
    unsigned char *data = malloc(size > 0 ? size : 1);
    if (!data) return false;
    *block = (struct nr_block){data, size, false, 0};
    return true;
}

/* One call for many pages: taking a fault for each costs more than reading into it. A kernel without the call (before 5.14) says no. */
void nr_block_touch(struct nr_block *block, size_t at) {
    if (!block->mapped || at + TOUCH / 2 <= block->touched || block->touched == block->capacity) return;
    size_t more = block->capacity - block->touched;
    if (more > TOUCH) more = TOUCH;
    madvise(block->data + block->touched, more, MADV_POPULATE_WRITE);
    block->touched += more;
}

static void discard(void *data, size_t capacity, bool mapped) {
    if (mapped)
        munmap(data, capacity);
    else
        free(data);
}

void nr_block_free(struct nr_block *block) {
    discard(block->data, block->capacity, block->mapped);
    *block = (struct nr_block){NULL, 0, false, 0};
}

static void unmap(napi_env env, void *data, void *capacity) {
    (void)env;
    munmap(data, (size_t)(uintptr_t)capacity);
}

napi_status nr_block_to_buffer(napi_env env, struct nr_block *block, size_t used, napi_value *buffer) {
    napi_status status = napi_generic_failure;
    if (block->mapped && used >= WORTH_HANDING_OVER) {
        status = napi_create_external_buffer(env, used, block->data, unmap, (void *)(uintptr_t)block->capacity, buffer);
        if (status == napi_ok) {
            *block = (struct nr_block){NULL, 0, false, 0};
            return status;
        }
    }
    /* Also where the engine takes no memory of others (Electron's sandbox): one copy. */
    status = napi_create_buffer_copy(env, used, used > 0 ? (const void *)block->data : "", NULL, buffer);
    if (status == napi_ok) nr_block_free(block);
    return status;
}
