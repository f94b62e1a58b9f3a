/* Owns: pseudo-terminals: making one, its size, the character that ends its input.
 * Never: reads or writes one; knows who uses it. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "addon.h"

#define FLAGS (O_RDWR | O_NOCTTY | O_CLOEXEC)

/* By its number: the name may mean another one, or nothing, where /dev/pts is another namespace's. By name where the kernel is older than
 * 4.13, or is no Linux. openpty() would leave both ends open in whatever is started meanwhile. */
static int open_far(int near) {
#ifdef TIOCGPTPEER
    int far = ioctl(near, TIOCGPTPEER, FLAGS);
    if (far >= 0 || (errno != EINVAL && errno != ENOTTY && errno != ENOSYS)) return far;
#endif
    char name[64];
    int error = ptsname_r(near, name, sizeof name);
    if (error == 0) return open(name, FLAGS);
    errno = error;
    return -1;
}

/* The size and the mode are there before anybody can look. IUTF8: a backspace takes a whole character. */
static int set_up(int near, int far, int cols, int rows, bool echo) {
    struct winsize size = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)cols};
    struct termios mode;
    if (ioctl(near, TIOCSWINSZ, &size) < 0 || tcgetattr(far, &mode) < 0) return -1;
#ifdef IUTF8
    mode.c_iflag |= IUTF8;
#endif
    if (!echo) mode.c_lflag &= ~(tcflag_t)(ECHO | ECHOE | ECHOK | ECHONL | ECHOCTL | ECHOKE);
    return tcsetattr(far, TCSANOW, &mode);
}

/* Two directions on one descriptor cannot be waited for separately, and the third is for asking while both are closed. */
enum { READING, WRITING, ASKING, FAR, COUNT };

static int make(int fds[COUNT], int cols, int rows, bool echo) {
    fds[READING] = posix_openpt(FLAGS);
    if (fds[READING] < 0 || unlockpt(fds[READING]) < 0) return -1;
    fds[FAR] = open_far(fds[READING]);
    if (fds[FAR] < 0 || set_up(fds[READING], fds[FAR], cols, rows, echo) < 0) return -1;
    fds[WRITING] = fcntl(fds[READING], F_DUPFD_CLOEXEC, 0);
    if (fds[WRITING] < 0) return -1;
    fds[ASKING] = fcntl(fds[READING], F_DUPFD_CLOEXEC, 0);
    return fds[ASKING] < 0 ? -1 : 0;
}

static bool get_size(napi_env env, napi_value cols_value, napi_value rows_value, int *cols, int *rows) {
    if (!nr_get_int(env, cols_value, cols) || !nr_get_int(env, rows_value, rows)) return false;
    if (*cols >= 1 && *cols <= 65535 && *rows >= 1 && *rows <= 65535) return true;
    nr_refuse(env, "a terminal has 1 to 65535 columns and rows");
    return false;
}

napi_value nr_pty(napi_env env, napi_callback_info info) {
    napi_value arguments[3];
    int fds[COUNT] = {-1, -1, -1, -1}, cols, rows;
    bool echo;
    if (!nr_arguments(env, info, 3, arguments) || !get_size(env, arguments[0], arguments[1], &cols, &rows)) return NULL;
    if (napi_get_value_bool(env, arguments[2], &echo) != napi_ok) return nr_refuse(env, "a boolean is needed here");
    int result = make(fds, cols, rows, echo), error = errno;
    for (int i = 0; result < 0 && i < COUNT; i++)
        if (fds[i] >= 0) close(fds[i]);
    errno = error;
    return nr_bare_array(env, result, fds, COUNT);
}

napi_value nr_resize(napi_env env, napi_callback_info info) {
    napi_value arguments[3];
    int fd, cols, rows;
    if (!nr_arguments(env, info, 3, arguments) || !nr_get_int(env, arguments[0], &fd)) return NULL;
    if (!get_size(env, arguments[1], arguments[2], &cols, &rows)) return NULL;
    struct winsize size = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)cols};
    return nr_number(env, ioctl(fd, TIOCSWINSZ, &size) < 0 ? -errno : 0);
}

static bool is_special(const struct termios *mode, int byte, int which) {
    return mode->c_cc[which] != _POSIX_VDISABLE && byte == mode->c_cc[which];
}

/* Whether what is typed behind these two bytes begins a line (termios(3)); -1: there was none. */
static bool begins_line(const struct termios *mode, int before, int last) {
    bool more = mode->c_lflag & IEXTEN;
    if (last == '\r' && (mode->c_iflag & IGNCR)) last = before, before = -1;
    if (last < 0) return true;
    if (more && before >= 0 && is_special(mode, before, VLNEXT)) return false;
    if (last == '\n' || last == '\r') return last == '\n' ? !(mode->c_iflag & INLCR) : (mode->c_iflag & ICRNL) != 0;
    if (is_special(mode, last, VEOF) || is_special(mode, last, VEOL) || is_special(mode, last, VKILL)) return true;
    if (more && is_special(mode, last, VEOL2)) return true;
    bool flushes = (mode->c_lflag & ISIG) && !(mode->c_lflag & NOFLSH);
    return flushes && (is_special(mode, last, VINTR) || is_special(mode, last, VQUIT) || is_special(mode, last, VSUSP));
}

/* 256 more: typed now it would be an ordinary character, for the program reads character by character. 512 more: a line begins there. */
napi_value nr_end_of_input(napi_env env, napi_callback_info info) {
    napi_value arguments[3];
    int fd, before, last;
    struct termios mode;
    if (!nr_arguments(env, info, 3, arguments) || !nr_get_int(env, arguments[0], &fd)) return NULL;
    if (!nr_get_int(env, arguments[1], &before) || !nr_get_int(env, arguments[2], &last)) return NULL;
    if (tcgetattr(fd, &mode) < 0) return nr_number(env, -errno);
    int answer = mode.c_cc[VEOF] + (mode.c_lflag & ICANON ? 0 : 256) + (begins_line(&mode, before, last) ? 512 : 0);
    return nr_number(env, answer);
}

/* For a terminal that is not ours but our own user's. What is written passes as it is, too, which setRawMode() of Node leaves out. */
napi_value nr_make_raw(napi_env env, napi_callback_info info) {
    napi_value argument, saved;
    int fd;
    struct termios mode;
    if (!nr_arguments(env, info, 1, &argument) || !nr_get_int(env, argument, &fd)) return NULL;
    if (tcgetattr(fd, &mode) < 0) return nr_number(env, -errno);
    if (napi_create_buffer_copy(env, sizeof mode, &mode, NULL, &saved) != napi_ok) return nr_failed(env);
    cfmakeraw(&mode);
    return tcsetattr(fd, TCSADRAIN, &mode) < 0 ? nr_number(env, -errno) : saved;
}

napi_value nr_restore_mode(napi_env env, napi_callback_info info) {
    napi_value arguments[2];
    int fd;
    unsigned char *data;
    size_t length;
    struct termios mode;
    if (!nr_arguments(env, info, 2, arguments) || !nr_get_int(env, arguments[0], &fd)) return NULL;
    if (!nr_get_bytes(env, arguments[1], &data, &length)) return NULL;
    if (length != sizeof mode) return nr_refuse(env, "what makeRaw() gave is needed here");
    memcpy(&mode, data, sizeof mode);
    return nr_number(env, tcsetattr(fd, TCSADRAIN, &mode) < 0 ? -errno : 0);
}
