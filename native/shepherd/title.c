/* Owns: what `ps` shows as our command line.
 * Never: the name in /proc/PID/comm, which says what we are, not what we do. */
#include "title.h"

#include <stddef.h>
#include <string.h>

static char *area, *area_end, *at;

void nr_title_init(int argc, char **argv) {
    area = argv[0];
    area_end = area;
    /* Only as far as the strings really lie one behind the other. */
    for (int i = 0; i < argc && argv[i] == area_end; i++) area_end += strlen(argv[i]) + 1;
}

/* The last byte stays NUL. */
static void put(const char *text) {
    while (*text && at + 1 < area_end) *at++ = *text++;
}

static void put_number(long number) {
    char digits[24], *digit = digits + sizeof digits - 1;
    *digit = 0;
    do *--digit = (char)('0' + number % 10);
    while (number /= 10);
    put(digit);
}

static void finish(void) {
    if (at < area_end) memset(at, 0, (size_t)(area_end - at));
}

void nr_title_idle(void) {
    at = area;
    put("net-runner: shepherd, idle");
    finish();
}

void nr_title_busy(pid_t child, const char *file, char *const *argv) {
    at = area;
    put("net-runner: shepherd of ");
    put_number(child);
    put(" (");
    put(file);
    for (char *const *arg = argv + 1; argv[0] && *arg && at + 1 < area_end; arg++) {
        put(" ");
        put(*arg);
    }
    put(")");
    finish();
}
