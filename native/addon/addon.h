/* Owns: what the files of the addon share: the environment's data, and what each file exports.
 * Never: a global variable; an environment's data belongs to that environment. */
#ifndef NR_ADDON_H
#define NR_ADDON_H

#define NAPI_VERSION 8
#include <node_api.h>
#include <stdbool.h>
#include <stddef.h>

#include "bare.h"
#include "fd.h"
#include "relay.h"
#include "servers.h"

/* What one read brings at the most: all that a busy stream's pipe holds (capacity.c). */
#define NR_SCRATCH (256u << 10)

struct nr_addon {
    napi_env env;
    struct nr_loop loop;
    struct nr_bare bare;
    struct nr_servers servers;
    struct nr_relay relay;
    napi_async_cleanup_hook_handle hook;
    napi_ref callback_key, inbox_key; /* symbols: where an object keeps what it calls and fills */
    unsigned char scratch[NR_SCRATCH];
};

struct nr_addon *nr_addon_of(napi_env env);

/* The wanted number of arguments, missing ones undefined. false: an exception is pending. */
bool nr_arguments(napi_env env, napi_callback_info info, size_t count, napi_value *arguments);
/* Throws a TypeError that names what was wrong; NULL, to be returned. */
napi_value nr_refuse(napi_env env, const char *what);
/* Throws what the last call of Node-API complained about, if nothing is pending already; NULL. */
napi_value nr_failed(napi_env env);
napi_value nr_number(napi_env env, double value);
napi_value nr_boolean(napi_env env, bool value);
napi_value nr_null(napi_env env);
bool nr_get_int(napi_env env, napi_value value, int *result);
/* Clamped to [0, 2^46]; NaN is 0. */
bool nr_get_size(napi_env env, napi_value value, size_t *result);
/* The memory of a Uint8Array (or Buffer), valid until JavaScript runs again. */
bool nr_get_bytes(napi_env env, napi_value value, unsigned char **data, size_t *length);

/* Each adds its exports; false: an exception is pending. */
bool nr_export_reader(napi_env env, napi_value exports);
bool nr_export_writer(napi_env env, napi_value exports);
bool nr_export_collector(napi_env env, napi_value exports);
bool nr_export_socket(napi_env env, napi_value exports);

/* Hands `count` fresh descriptors to JavaScript as an array of numbers, or -errno when `result` is below 0. */
napi_value nr_bare_array(napi_env env, int result, const int *fds, uint32_t count);

napi_value nr_pipe(napi_env env, napi_callback_info info);
napi_value nr_socket_pair(napi_env env, napi_callback_info info);
napi_value nr_close(napi_env env, napi_callback_info info);
napi_value nr_probe(napi_env env, napi_callback_info info);
napi_value nr_is_terminal(napi_env env, napi_callback_info info);
napi_value nr_terminal_group(napi_env env, napi_callback_info info);
napi_value nr_process_group(napi_env env, napi_callback_info info);
napi_value nr_pty(napi_env env, napi_callback_info info);
napi_value nr_resize(napi_env env, napi_callback_info info);
napi_value nr_end_of_input(napi_env env, napi_callback_info info);
napi_value nr_make_raw(napi_env env, napi_callback_info info);
napi_value nr_restore_mode(napi_env env, napi_callback_info info);
napi_value nr_environment(napi_env env, napi_callback_info info);
napi_value nr_identity(napi_env env, napi_callback_info info);
napi_value nr_start_server(napi_env env, napi_callback_info info);
napi_value nr_hire(napi_env env, napi_callback_info info);
napi_value nr_signal(napi_env env, napi_callback_info info);
napi_value nr_become_subreaper(napi_env env, napi_callback_info info);
napi_value nr_reap(napi_env env, napi_callback_info info);

#endif
