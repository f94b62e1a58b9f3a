/* Owns: starting node with the sanitizers' runtimes loaded first, which an addon built with them needs. [node's arguments]
 * Never: anything of node's own: NET_RUNNER_NODE says where it is. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char **argv) {
    (void)argc;
    const char *node = getenv("NET_RUNNER_NODE");
    if (!node) return 125;
    setenv("LD_PRELOAD", PRELOAD, 1);
    execv(node, argv);
    perror(node);
    return 127;
}
