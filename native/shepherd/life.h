/* Owns: what a job does next: one pure table, state x event -> state and actions.
 * Never: a clock, a process, a signal, a socket. */
#ifndef NR_LIFE_H
#define NR_LIFE_H

#include <stdbool.h>

#include "protocol.h"

enum nr_state {
    NR_LIFE_STARTING,  /* no child yet */
    NR_LIFE_RUNNING,   /* the child runs */
    NR_LIFE_LINGERING, /* the child exited; what it left may stay (LINGER) */
    NR_LIFE_ENDING,    /* everybody was asked politely */
    NR_LIFE_KILLING,   /* SIGKILL, pass after pass */
    NR_LIFE_OVER,      /* proven empty */
    NR_LIFE_STATES
};

enum nr_event {
    NR_EVENT_BORN,
    NR_EVENT_UNBORN,     /* the birth failed */
    NR_EVENT_STOP,       /* asked by a frame, or the host sent garbage */
    NR_EVENT_TIMEOUT,    /* the request's timeout */
    NR_EVENT_HOST_GONE,
    NR_EVENT_EXITED,     /* the child is reaped, and it left descendants */
    NR_EVENT_DEADLINE,   /* the grace is over, or the next pass is due */
    NR_EVENT_EMPTY,      /* ECHILD: nobody is left */
    NR_EVENTS
};

enum nr_action {
    NR_DO_ANNOUNCE = 1, /* say STOPPING, with the cause */
    NR_DO_NEARER = 2,   /* the deadline becomes now + grace if that is earlier */
    NR_DO_POLITE = 4,   /* the polite signal, to whom STOP_SCOPE says, then SIGCONT */
    NR_DO_REST = 8,     /* the polite signal to those whom STOP_SCOPE spared before */
    NR_DO_KILL = 16,    /* one pass of SIGKILL; the next one is due soon */
    NR_DO_GONE = 32,    /* say GONE and leave */
    NR_DO_HANG_UP = 64  /* a pty: SIGHUP and SIGCONT to everybody, for its host's side is closed */
};

struct nr_step {
    enum nr_state next;
    unsigned actions;
};

/* `at_once`: the grace that comes with the event is 0. */
struct nr_step nr_life(enum nr_state state, enum nr_event event, enum nr_linger linger, bool at_once);

#endif
