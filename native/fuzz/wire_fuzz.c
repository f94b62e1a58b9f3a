/* Owns: what libFuzzer feeds: bytes as a request, and bytes as frames in pieces, to the code that reads them in a shepherd.
 * Never: a process, or an action: what is understood is only read through. */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "control.h"
#include "request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static volatile size_t sum;

static void touch(const struct nr_request *request) {
    sum += strlen(request->file) + strlen(request->cwd);
    for (char **at = request->argv; *at; at++) sum += strlen(*at);
    for (char **at = request->envp; *at; at++) sum += strlen(*at);
    for (int i = 0; i < request->fd_count; i++) sum += (size_t)request->fds[i].target;
    if (request->argv[-1] == request->file) abort();
}

static void as_request(const uint8_t *data, size_t size) {
    static struct nr_request request;
    uint8_t *copy = malloc(size ? size : 1);
    if (!copy) return;
    memcpy(copy, data, size);
    memset(&request, 0, sizeof request);
    if (nr_request_parse(copy, size, 4, &request) == 0) touch(&request);
    nr_request_drop(&request);
    free(copy);
}

static void keep(void *arg, const struct nr_frame *frame) {
    struct nr_control *control = arg;
    sum += frame->type;
    nr_control_say(control, (enum nr_frame_type)frame->type, frame->kind, frame->value, frame->extra);
}

static void as_frames(const uint8_t *data, size_t size) {
    static struct nr_control control;
    static uint8_t out[NR_OUT_SIZE];
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0) return;
    nr_control_open(&control, ends[0], out);
    while (size > 0) {
        size_t piece = 1 + data[0] % 40;
        if (piece > size) piece = size;
        if (send(ends[1], data, piece, MSG_DONTWAIT | MSG_NOSIGNAL) < 0) break;
        nr_control_read(&control, keep, &control);
        if (data[0] & 1) nr_control_flush(&control);
        data += piece;
        size -= piece;
    }
    close(ends[1]);
    nr_control_read(&control, keep, &control);
    nr_control_close(&control);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size == 0) return 0;
    if (data[0] & 1) as_request(data + 1, size - 1);
    else as_frames(data + 1, size - 1);
    return 0;
}
