/* Owns: where a sanitized build reports, since a fork server has neither a stderr nor an environment.
 * Never: anything in an ordinary build. */
#ifdef NR_SANITIZED
/* The Makefile says where the reports go; scripts/test-asan.mjs counts them. */
#define OPTIONS "log_path=" NR_SANITIZED ":exitcode=99:detect_leaks=1:allocator_may_return_null=1:print_stacktrace=1"

const char *__asan_default_options(void);
const char *__ubsan_default_options(void);
const char *__lsan_default_options(void);

const char *__asan_default_options(void) {
    return OPTIONS;
}

const char *__ubsan_default_options(void) {
    return "log_path=" NR_SANITIZED ":print_stacktrace=1";
}

const char *__lsan_default_options(void) {
    return "exitcode=99";
}
#else
typedef int nr_not_sanitized;
#endif
