/* Owns: what a job does next: one pure table, state x event -> state and actions.
 * Never: a clock, a process, a signal, a socket. */
#include "life.h"

#define STAY(state) {NR_LIFE_##state, 0}
#define BEGIN {NR_LIFE_ENDING, NR_DO_ANNOUNCE | NR_DO_NEARER | NR_DO_POLITE}
#define HANG_UP {NR_LIFE_ENDING, NR_DO_ANNOUNCE | NR_DO_NEARER | NR_DO_HANG_UP | NR_DO_POLITE}
#define HANG_UP_TOO {NR_LIFE_ENDING, NR_DO_NEARER | NR_DO_HANG_UP}
#define NEARER {NR_LIFE_ENDING, NR_DO_NEARER}
#define KILL {NR_LIFE_KILLING, NR_DO_KILL}
#define GONE {NR_LIFE_OVER, NR_DO_GONE}

/* Columns in the order of enum nr_event. */
static const struct nr_step table[NR_LIFE_STATES][NR_EVENTS] = {
    /*                     BORN             UNBORN           STOP             TIMEOUT          HOST_GONE        EXITED           DEADLINE         EMPTY */
    [NR_LIFE_STARTING] = {{NR_LIFE_RUNNING, 0}, GONE,         GONE,            GONE,            GONE,            STAY(STARTING),  STAY(STARTING),  GONE},
    [NR_LIFE_RUNNING] = {STAY(RUNNING),    STAY(RUNNING),   BEGIN,           BEGIN,           HANG_UP,         BEGIN,           STAY(RUNNING),   GONE},
    [NR_LIFE_LINGERING] = {STAY(LINGERING), STAY(LINGERING), BEGIN,          BEGIN,           HANG_UP,         STAY(LINGERING), STAY(LINGERING), GONE},
    [NR_LIFE_ENDING] = {STAY(ENDING),      STAY(ENDING),    NEARER,          NEARER,          HANG_UP_TOO,     {NR_LIFE_ENDING, NR_DO_REST}, KILL, GONE},
    [NR_LIFE_KILLING] = {STAY(KILLING),    STAY(KILLING),   STAY(KILLING),   STAY(KILLING),   STAY(KILLING),   STAY(KILLING),   KILL,            GONE},
    [NR_LIFE_OVER] = {STAY(OVER),          STAY(OVER),      STAY(OVER),      STAY(OVER),      STAY(OVER),      STAY(OVER),      STAY(OVER),      STAY(OVER)},
};

struct nr_step nr_life(enum nr_state state, enum nr_event event, enum nr_linger linger, bool at_once) {
    /* The two cells that LINGER changes: leftovers may stay, and what was left on purpose is not under the job's timeout. */
    if (state == NR_LIFE_RUNNING && event == NR_EVENT_EXITED && linger != NR_LINGER_STOP) return (struct nr_step)STAY(LINGERING);
    if (state == NR_LIFE_LINGERING && event == NR_EVENT_TIMEOUT && linger == NR_LINGER_LEAVE) return (struct nr_step)STAY(LINGERING);
    struct nr_step step = table[state][event];
    /* No grace: nobody is asked first. */
    if (at_once && (step.actions & NR_DO_NEARER)) {
        step.next = NR_LIFE_KILLING;
        step.actions = (step.actions & NR_DO_ANNOUNCE) | NR_DO_KILL;
    }
    return step;
}
