/* Owns: test/golden/frames.txt seen from C: every line decodes to what it says, and encodes to what it is.
 * Never: a line of its own. */
#include <inttypes.h>
#include <string.h>

#include "control.h"
#include "tap.h"

static const char *type_name(int type) {
    switch (type) {
#define X(name, number, doc) case number: return #name;
        NR_FRAMES(X)
#undef X
    }
    return "?";
}

static bool hex(const char *text, uint8_t bytes[NR_FRAME_SIZE]) {
    for (int i = 0; i < NR_FRAME_SIZE; i++) {
        unsigned byte;
        if (sscanf(text + 2 * i, "%2x", &byte) != 1) return false;
        bytes[i] = (uint8_t)byte;
    }
    return strlen(text) == 2 * NR_FRAME_SIZE;
}

int main(int argc, char **argv) {
    const char *path = argc > 1 ? argv[1] : "test/golden/frames.txt";
    FILE *file = fopen(path, "re");
    char line[256], bytes_text[64], name[32];
    bool met[256] = {false};
    if (!ok(file, "%s", path)) return tap_done();
    while (fgets(line, sizeof line, file)) {
        int kind;
        int32_t value;
        uint64_t extra;
        uint8_t bytes[NR_FRAME_SIZE], again[NR_FRAME_SIZE];
        if (line[0] == '#') continue;
        bool read = sscanf(line, "%63s %31s %d %" SCNd32 " %" SCNu64, bytes_text, name, &kind, &value, &extra) == 5 && hex(bytes_text, bytes);
        struct nr_frame frame = {0};
        if (read) nr_frame_decode(bytes, &frame);
        bool same = !strcmp(type_name(frame.type), name) && frame.kind == kind && frame.zero == 0 && frame.value == value && frame.extra == extra;
        nr_frame_encode(again, &frame);
        met[frame.type] = true;
        line[strcspn(line, "\n")] = 0;
        ok(read && same && memcmp(bytes, again, sizeof bytes) == 0, "%s", line);
    }
    fclose(file);
#define X(frame_name, number, doc) ok(met[number], #frame_name " is among them");
    NR_FRAMES(X)
#undef X
    return tap_done();
}
