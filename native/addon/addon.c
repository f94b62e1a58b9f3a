/* Owns: the table of exports, and the life of an environment's data.
 * Never: what an export does. */
#include "addon.h"

#include <stdlib.h>

#define METHOD(name, function) {name, NULL, function, NULL, NULL, NULL, napi_enumerable, NULL}

struct nr_addon *nr_addon_of(napi_env env) {
    void *data = NULL;
    napi_get_instance_data(env, &data);
    return data;
}

static struct nr_addon *of_loop(struct nr_loop *loop) {
    return (struct nr_addon *)((char *)loop - offsetof(struct nr_addon, loop));
}

/* The environment ends once nothing of ours is on its loop: a worker that ended with an open handle would abort the process. */
static void on_ended(struct nr_loop *loop) {
    struct nr_addon *addon = of_loop(loop);
    napi_delete_reference(addon->env, addon->callback_key);
    napi_delete_reference(addon->env, addon->inbox_key);
    napi_remove_async_cleanup_hook(addon->hook);
}

static void on_cleanup(napi_async_cleanup_hook_handle hook, void *data) {
    struct nr_addon *addon = data;
    addon->hook = hook;
    nr_bare_close_all(&addon->bare);
    nr_servers_leave(&addon->servers);
    nr_loop_end(&addon->loop, on_ended);
}

/* The hook above keeps the environment until it is removed, so this comes after the last close callback. */
static void free_addon(napi_env env, void *data, void *hint) {
    (void)env;
    (void)hint;
    free(data);
}

static bool make_key(napi_env env, const char *name, napi_ref *key) {
    napi_value text, symbol;
    return napi_create_string_utf8(env, name, NAPI_AUTO_LENGTH, &text) == napi_ok && napi_create_symbol(env, text, &symbol) == napi_ok &&
           napi_create_reference(env, symbol, 1, key) == napi_ok;
}

static bool make_addon(napi_env env) {
    struct nr_addon *addon = calloc(1, sizeof *addon);
    if (!addon) return false;
    addon->env = env;
    if (napi_set_instance_data(env, addon, free_addon, NULL) != napi_ok) {
        free(addon);
        return false;
    }
    return napi_get_uv_event_loop(env, &addon->loop.uv) == napi_ok && make_key(env, "callback", &addon->callback_key) &&
           make_key(env, "inbox", &addon->inbox_key) && napi_add_async_cleanup_hook(env, on_cleanup, addon, &addon->hook) == napi_ok;
}

/* The macro below defines it without a prototype. */
NAPI_MODULE_EXPORT int32_t NAPI_CDECL NODE_API_MODULE_GET_API_VERSION(void);

NAPI_MODULE_INIT() {
    static const napi_property_descriptor functions[] = {
        METHOD("pipe", nr_pipe),
        METHOD("socketPair", nr_socket_pair),
        METHOD("close", nr_close),
        METHOD("probe", nr_probe),
        METHOD("isTerminal", nr_is_terminal),
        METHOD("terminalGroup", nr_terminal_group),
        METHOD("processGroup", nr_process_group),
        METHOD("pty", nr_pty),
        METHOD("resize", nr_resize),
        METHOD("endOfInput", nr_end_of_input),
        METHOD("makeRaw", nr_make_raw),
        METHOD("restoreMode", nr_restore_mode),
        METHOD("environment", nr_environment),
        METHOD("identity", nr_identity),
        METHOD("startServer", nr_start_server),
        METHOD("hire", nr_hire),
        METHOD("signal", nr_signal),
        METHOD("becomeSubreaper", nr_become_subreaper),
        METHOD("reap", nr_reap),
    };
    if (!make_addon(env) || napi_define_properties(env, exports, sizeof functions / sizeof *functions, functions) != napi_ok)
        return nr_failed(env);
    if (!nr_export_reader(env, exports) || !nr_export_writer(env, exports) || !nr_export_collector(env, exports) ||
        !nr_export_socket(env, exports))
        return nr_failed(env);
    return exports;
}
