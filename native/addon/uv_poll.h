/* Owns: the few declarations of libuv that fd.c uses. The symbols are Node's own; its headers are not needed to build.
 * Never: included by any file but fd.c; a layout. test/behaviour/addon.test.ts compares it with Node's <uv.h> where that is installed. */
#ifndef NR_UV_POLL_H
#define NR_UV_POLL_H

/* sizeof(uv_poll_t) is 160 on 64-bit Linux with libuv 1.38 to 1.51 (Node 18 to 26); we never look inside. */
#define NR_UV_POLL_SIZE 320
#define NR_UV_READABLE 1
#define NR_UV_WRITABLE 2

#ifndef NR_UV_NUMBERS_ONLY
#include <stddef.h>

struct uv_loop_s;
/* A handle is passed as the address of its memory, which must not move or go before its close callback. */
typedef void nr_uv_handle;

extern int uv_poll_init(struct uv_loop_s *loop, nr_uv_handle *handle, int fd);
extern int uv_poll_start(nr_uv_handle *handle, int events, void (*cb)(nr_uv_handle *handle, int status, int events));
extern int uv_poll_stop(nr_uv_handle *handle);
extern void uv_close(nr_uv_handle *handle, void (*cb)(nr_uv_handle *handle));
extern void uv_ref(nr_uv_handle *handle);
extern void uv_unref(nr_uv_handle *handle);
#endif

#endif
