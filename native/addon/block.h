/* Owns: memory that grows without being copied, and its way into a Buffer.
 * Never: what lies in it. */
#ifndef NR_BLOCK_H
#define NR_BLOCK_H

#include "addon.h"

/* Small ones are malloc'ed; larger ones are mappings that mremap() makes longer, so only touched pages are resident. All zero: empty. */
struct nr_block {
    unsigned char *data;
    size_t capacity;
    bool mapped;
    size_t touched; /* of a mapping: bytes from the start whose pages are there */
};

/* Makes room behind the first `used` bytes, for `most` bytes in all at the most. false: no memory, and nothing has changed. */
bool nr_block_grow(struct nr_block *block, size_t used, size_t most);
/* The bytes from `at` on are about to be written. */
void nr_block_touch(struct nr_block *block, size_t at);
void nr_block_free(struct nr_block *block);
/* Makes a Buffer of the first `used` bytes: without a copy where that pays and the engine allows it. The block is empty afterwards. */
napi_status nr_block_to_buffer(napi_env env, struct nr_block *block, size_t used, napi_value *buffer);

#endif
