/* Owns: the fork servers of one environment that are not reaped yet.
 * Never: a signal to one. */
#include "servers.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/wait.h>

bool nr_servers_add(struct nr_servers *servers, pid_t pid) {
    if (servers->count == servers->room) {
        int room = servers->room ? servers->room * 2 : 4;
        pid_t *pids = realloc(servers->pids, (size_t)room * sizeof *pids);
        if (!pids) return false;
        servers->pids = pids;
        servers->room = room;
    }
    servers->pids[servers->count++] = pid;
    return true;
}

static void forget(struct nr_servers *servers, pid_t pid) {
    for (int i = 0; i < servers->count; i++)
        if (servers->pids[i] == pid) servers->pids[i--] = servers->pids[--servers->count];
}

bool nr_servers_reap(struct nr_servers *servers, pid_t pid) {
    pid_t reaped;
    do reaped = waitpid(pid, NULL, WNOHANG);
    while (reaped < 0 && errno == EINTR);
    if (reaped != 0) forget(servers, pid);
    return reaped != 0;
}

static void *wait_for(void *pid) {
    while (waitpid((pid_t)(intptr_t)pid, NULL, 0) < 0 && errno == EINTR) continue;
    return NULL;
}

/* No signal of the process is to be handled in this thread. */
static void wait_aside(pid_t pid) {
    pthread_t thread;
    pthread_attr_t attributes;
    sigset_t all, before;
    if (pthread_attr_init(&attributes) != 0) return;
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attributes, 1024 * 1024); /* untouched pages cost nothing; thread-local storage of the host lies in it */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pthread_create(&thread, &attributes, wait_for, (void *)(intptr_t)pid);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
}

void nr_servers_leave(struct nr_servers *servers) {
    while (servers->count > 0) {
        pid_t pid = servers->pids[0];
        if (!nr_servers_reap(servers, pid)) {
            wait_aside(pid);
            forget(servers, pid);
        }
    }
    free(servers->pids);
    *servers = (struct nr_servers){0};
}
