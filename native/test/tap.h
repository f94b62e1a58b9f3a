/* Owns: saying what passed, in the words of the Test Anything Protocol.
 * Never: a test. */
#ifndef NR_TAP_H
#define NR_TAP_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>

static int tap_count, tap_failures;

#define ok(condition, ...) tap_say((condition), __FILE__, __LINE__, __VA_ARGS__)
/* Compares two numbers and shows both when they differ. */
#define is(got, wanted, ...) tap_compare((long long)(got), (long long)(wanted), __FILE__, __LINE__, __VA_ARGS__)

__attribute__((format(printf, 4, 5), unused)) static bool tap_say(bool passed, const char *file, int line, const char *format, ...) {
    va_list args;
    va_start(args, format);
    printf("%sok %d - ", passed ? "" : "not ", ++tap_count);
    vprintf(format, args);
    printf("\n");
    va_end(args);
    if (!passed) {
        tap_failures++;
        printf("# at %s:%d\n", file, line);
    }
    fflush(stdout);
    return passed;
}

__attribute__((format(printf, 5, 6), unused)) static bool tap_compare(long long got, long long wanted, const char *file, int line, const char *format, ...) {
    char name[256];
    va_list args;
    va_start(args, format);
    vsnprintf(name, sizeof name, format, args);
    va_end(args);
    bool passed = tap_say(got == wanted, file, line, "%s", name);
    if (!passed) printf("# got %lld, wanted %lld\n", got, wanted);
    return passed;
}

__attribute__((unused)) static void skip(const char *name, const char *why) {
    printf("ok %d - %s # SKIP %s\n", ++tap_count, name, why);
    fflush(stdout);
}

/* The plan at the end; main() returns this. */
static int tap_done(void) {
    printf("1..%d\n", tap_count);
    if (tap_failures) printf("# %d of %d failed\n", tap_failures, tap_count);
    fflush(stdout);
    return tap_failures != 0;
}

#endif
