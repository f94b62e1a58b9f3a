/* Owns: printing src/shepherd/protocol.gen.ts from protocol.h. Never: a number of its own. */
#include <stdio.h>

#include "protocol.h"

static void row(const char *name, long number, const char *doc) {
    printf("  /** %s */\n  %s: %ld,\n", doc, name, number);
}

static void stage(const char *name, long number, const char *syscall, const char *doc) {
    printf("  %ld: {name: '%s', syscall: '%s', doc: \"%s\"},\n", number, name, syscall, doc);
}

#define X(n, v, d) row(#n, v, d);
#define TABLE(ts, rows)                     \
    printf("\nexport const %s = {\n", ts);  \
    rows(X) printf("} as const;\n");

int main(void) {
    printf("// Owns: the protocol's numbers, printed from native/protocol.h by native/protocol_ts.c.\n"
           "// Never: edited by hand (`npm run protocol` prints it again, `npm run check` compares).\n"
           "\nexport const PROTOCOL_VERSION = %d;\nexport const FRAME_SIZE = %d;\nexport const REQUEST_MAX = %u;\n",
           NR_PROTOCOL_VERSION, NR_FRAME_SIZE, NR_REQUEST_MAX);
    TABLE("Frame", NR_FRAMES)
    TABLE("Reach", NR_REACHES)
    TABLE("How", NR_HOWS)
    TABLE("Proof", NR_PROOFS)
    TABLE("Cause", NR_CAUSES)
    TABLE("Linger", NR_LINGERS)
    TABLE("Grouping", NR_GROUPINGS)
    TABLE("Detachment", NR_DETACHMENTS)
    TABLE("Figure", NR_FIGURES)
    TABLE("Scope", NR_SCOPES)
    TABLE("Isolation", NR_ISOLATIONS)
    TABLE("CgroupFile", NR_CGROUP_FILES)
    TABLE("Limit", NR_LIMITS)
    TABLE("Field", NR_FIELDS)
    printf("\nexport const STAGES: Readonly<Record<number, {readonly name: string; readonly syscall: string; readonly doc: string}>> = {\n");
#undef X
#define X(n, v, s, d) stage(#n, v, s, d);
    NR_STAGES(X)
    printf("};\n");
    return 0;
}
