/* Owns: arguments in, numbers out, and what is thrown when they do not fit.
 * Never: keeps anything. */
#include <string.h>

#include "addon.h"

bool nr_arguments(napi_env env, napi_callback_info info, size_t count, napi_value *arguments) {
    if (napi_get_cb_info(env, info, &count, arguments, NULL, NULL) == napi_ok) return true;
    nr_failed(env);
    return false;
}

napi_value nr_refuse(napi_env env, const char *what) {
    bool pending = false;
    napi_is_exception_pending(env, &pending);
    if (!pending) napi_throw_type_error(env, "ERR_INVALID_ARG_TYPE", what);
    return NULL;
}

napi_value nr_failed(napi_env env) {
    const napi_extended_error_info *error = NULL;
    bool pending = false;
    napi_get_last_error_info(env, &error);
    const char *message = error && error->error_message ? error->error_message : "a call of Node-API failed";
    napi_is_exception_pending(env, &pending);
    if (!pending) napi_throw_error(env, NULL, message);
    return NULL;
}

napi_value nr_number(napi_env env, double value) {
    napi_value result = NULL;
    napi_create_double(env, value, &result);
    return result;
}

napi_value nr_boolean(napi_env env, bool value) {
    napi_value result = NULL;
    napi_get_boolean(env, value, &result);
    return result;
}

napi_value nr_null(napi_env env) {
    napi_value result = NULL;
    napi_get_null(env, &result);
    return result;
}

bool nr_get_int(napi_env env, napi_value value, int *result) {
    int32_t number;
    if (napi_get_value_int32(env, value, &number) != napi_ok) {
        nr_refuse(env, "an integer is needed here");
        return false;
    }
    *result = number;
    return true;
}

bool nr_get_size(napi_env env, napi_value value, size_t *result) {
    const double most = 70368744177664.0;
    double number;
    if (napi_get_value_double(env, value, &number) != napi_ok) {
        nr_refuse(env, "a number is needed here");
        return false;
    }
    *result = number > 0 ? (size_t)(number > most ? most : number) : 0;
    return true;
}

bool nr_get_bytes(napi_env env, napi_value value, unsigned char **data, size_t *length) {
    napi_typedarray_type type;
    void *memory = NULL;
    if (napi_get_typedarray_info(env, value, &type, length, &memory, NULL, NULL) != napi_ok || type != napi_uint8_array) {
        nr_refuse(env, "a Uint8Array is needed here");
        return false;
    }
    *data = memory;
    return true;
}
