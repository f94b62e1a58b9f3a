/* Owns: every cell of the table in life.c, written down a second time.
 * Never: a process. */
#include "life.h"

#include "tap.h"

#define HANG_UP (BEGIN | NR_DO_HANG_UP)
#define BEGIN (NR_DO_ANNOUNCE | NR_DO_NEARER | NR_DO_POLITE)

struct cell {
    enum nr_state state;
    enum nr_event event;
    enum nr_state next;
    unsigned actions;
};

/* Every cell that does something, for LINGER stop and a grace; all others stay where they are and do nothing. */
static const struct cell cells[] = {
    {NR_LIFE_STARTING, NR_EVENT_BORN, NR_LIFE_RUNNING, 0},
    {NR_LIFE_STARTING, NR_EVENT_UNBORN, NR_LIFE_OVER, NR_DO_GONE},
    {NR_LIFE_STARTING, NR_EVENT_STOP, NR_LIFE_OVER, NR_DO_GONE},
    {NR_LIFE_STARTING, NR_EVENT_TIMEOUT, NR_LIFE_OVER, NR_DO_GONE},
    {NR_LIFE_STARTING, NR_EVENT_HOST_GONE, NR_LIFE_OVER, NR_DO_GONE},
    {NR_LIFE_STARTING, NR_EVENT_EMPTY, NR_LIFE_OVER, NR_DO_GONE},
    {NR_LIFE_RUNNING, NR_EVENT_STOP, NR_LIFE_ENDING, BEGIN},
    {NR_LIFE_RUNNING, NR_EVENT_TIMEOUT, NR_LIFE_ENDING, BEGIN},
    {NR_LIFE_RUNNING, NR_EVENT_HOST_GONE, NR_LIFE_ENDING, HANG_UP},
    {NR_LIFE_RUNNING, NR_EVENT_EXITED, NR_LIFE_ENDING, BEGIN},
    {NR_LIFE_RUNNING, NR_EVENT_EMPTY, NR_LIFE_OVER, NR_DO_GONE},
    {NR_LIFE_LINGERING, NR_EVENT_STOP, NR_LIFE_ENDING, BEGIN},
    {NR_LIFE_LINGERING, NR_EVENT_TIMEOUT, NR_LIFE_ENDING, BEGIN},
    {NR_LIFE_LINGERING, NR_EVENT_HOST_GONE, NR_LIFE_ENDING, HANG_UP},
    {NR_LIFE_LINGERING, NR_EVENT_EMPTY, NR_LIFE_OVER, NR_DO_GONE},
    {NR_LIFE_ENDING, NR_EVENT_STOP, NR_LIFE_ENDING, NR_DO_NEARER},
    {NR_LIFE_ENDING, NR_EVENT_TIMEOUT, NR_LIFE_ENDING, NR_DO_NEARER},
    {NR_LIFE_ENDING, NR_EVENT_HOST_GONE, NR_LIFE_ENDING, NR_DO_NEARER | NR_DO_HANG_UP},
    {NR_LIFE_ENDING, NR_EVENT_EXITED, NR_LIFE_ENDING, NR_DO_REST},
    {NR_LIFE_ENDING, NR_EVENT_DEADLINE, NR_LIFE_KILLING, NR_DO_KILL},
    {NR_LIFE_ENDING, NR_EVENT_EMPTY, NR_LIFE_OVER, NR_DO_GONE},
    {NR_LIFE_KILLING, NR_EVENT_DEADLINE, NR_LIFE_KILLING, NR_DO_KILL},
    {NR_LIFE_KILLING, NR_EVENT_EMPTY, NR_LIFE_OVER, NR_DO_GONE},
};

static const char *states[] = {"STARTING", "RUNNING", "LINGERING", "ENDING", "KILLING", "OVER"};
static const char *events[] = {"BORN", "UNBORN", "STOP", "TIMEOUT", "HOST_GONE", "EXITED", "DEADLINE", "EMPTY"};

static struct cell expected(enum nr_state state, enum nr_event event, enum nr_linger linger, bool at_once) {
    struct cell cell = {state, event, state, 0};
    for (unsigned i = 0; i < sizeof cells / sizeof *cells; i++)
        if (cells[i].state == state && cells[i].event == event) cell = cells[i];
    if (state == NR_LIFE_RUNNING && event == NR_EVENT_EXITED && linger != NR_LINGER_STOP) return (struct cell){state, event, NR_LIFE_LINGERING, 0};
    if (state == NR_LIFE_LINGERING && event == NR_EVENT_TIMEOUT && linger == NR_LINGER_LEAVE) return (struct cell){state, event, state, 0};
    if (at_once && (cell.actions & NR_DO_POLITE)) return (struct cell){state, event, NR_LIFE_KILLING, NR_DO_ANNOUNCE | NR_DO_KILL};
    if (at_once && (cell.actions & NR_DO_NEARER)) return (struct cell){state, event, NR_LIFE_KILLING, NR_DO_KILL};
    return cell;
}

int main(void) {
    for (int linger = NR_LINGER_STOP; linger <= NR_LINGER_LEAVE; linger++)
        for (int at_once = 0; at_once < 2; at_once++)
            for (int state = 0; state < NR_LIFE_STATES; state++)
                for (int event = 0; event < NR_EVENTS; event++) {
                    struct cell want = expected((enum nr_state)state, (enum nr_event)event, (enum nr_linger)linger, at_once);
                    struct nr_step got = nr_life((enum nr_state)state, (enum nr_event)event, (enum nr_linger)linger, at_once);
                    ok(got.next == want.next && got.actions == want.actions, "%s x %s, linger %d%s -> %s, %x", states[state], events[event], linger,
                       at_once ? ", at once" : "", states[got.next], got.actions);
                }
    return tap_done();
}
