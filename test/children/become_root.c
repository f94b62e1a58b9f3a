/* Owns: a setuid program: it becomes root altogether, so that who started it may not signal it, ignores TERM, HUP and INT, and says "up".
 * [marker]
 * Never: outlives its safety deadline of 120 s; does anything as root. */
#include <signal.h>
#include <unistd.h>

int main(void) {
    alarm(120);
    if (setresuid(0, 0, 0) < 0) return 1;
    signal(SIGTERM, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    signal(SIGINT, SIG_IGN);
    if (write(STDOUT_FILENO, "up\n", 3) < 0) return 1;
    for (;;) pause();
}
