/* Owns: what `ps` shows as our command line.
 * Never: the name in /proc/PID/comm, which says what we are, not what we do. */
#include "title.h"

#include <stddef.h>
#include <string.h>

/* Written once, by the fork server: each shepherd would pay a page for a word of its own. */
static char *area, *area_end;

void nr_title_init(int argc, char **argv) {
    area = argv[0];
    area_end = area;
    /* Only as far as the strings really lie one behind the other. */
    for (int i = 0; i < argc && argv[i] == area_end; i++) area_end += strlen(argv[i]) + 1;
}

/* The last byte stays NUL. */
static char *put(char *at, const char *text) {
    while (*text && at + 1 < area_end) *at++ = *text++;
    return at;
}

static char *put_number(char *at, long number) {
    char digits[24], *digit = digits + sizeof digits - 1;
    *digit = 0;
    do *--digit = (char)('0' + number % 10);
    while (number /= 10);
    return put(at, digit);
}

static void finish(char *at) {
    if (at < area_end) memset(at, 0, (size_t)(area_end - at));
}

void nr_title_idle(void) {
    finish(put(area, "net-runner: shepherd, idle"));
}

void nr_title_busy(pid_t child, const char *file, char *const *argv) {
    char *at = put_number(put(area, "net-runner: shepherd of "), child);
    at = put(put(at, " ("), file);
    for (char *const *arg = argv + 1; argv[0] && *arg && at + 1 < area_end; arg++) at = put(put(at, " "), *arg);
    finish(put(at, ")"));
}
