/* Owns: everything a shepherd knows of its one job, and the order of that job's life.
 * Never: anything of the job before it, or after it. */
#ifndef NR_JOB_H
#define NR_JOB_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>

#include "control.h"
#include "hire.h"
#include "idle.h"
#include "leaf.h"
#include "life.h"
#include "request.h"
#include "tree.h"

struct nr_job {
    struct nr_shepherd *shepherd;
    enum nr_state state;
    struct nr_control control;
    struct nr_tree tree;
    bool frozen;            /* FREEZE was the last word */
    uint64_t freezing;      /* the id of a FREEZE that is not answered yet, or 0 */
    int64_t freeze_at;      /* the next pass over those who are not stopped yet; NR_NEVER: none, or the kernel does it */
    int freeze_passes;      /* of those that follow each other closely */
    int terminal;           /* FOREGROUND: the terminal to hand back, else -1 */
    int pty;                /* TERMINAL: the child's side, held until the tree is empty; else -1 */
    bool host_gone;         /* the end of control was acted upon */
    bool forced;            /* SIGKILL was sent */
    bool group_asked;       /* the child's group as a whole had the polite signal */
    int leftovers;          /* descendants alive when the child exited */
    struct rusage reaped;   /* sum over everybody reaped; ru_maxrss: the largest */
    bool reaped_said;       /* the host knows that sum */
    int64_t born;
    int64_t timeout_at;     /* NR_NEVER: none, or over */
    int64_t deadline;       /* end of the grace, or the next pass of SIGKILL */
    int64_t unkillable_at;  /* when to say who is still there; NR_NEVER: not yet killing, or said */
    int64_t trim_at;        /* when it is long enough to be worth giving memory back; NR_NEVER: done */
    int passes;             /* of SIGKILL, so far */
    int passes_in_vain;     /* passes of SIGKILL in a row after which nobody was reaped */
    bool nobody_met;        /* the last pass met nobody */
    struct nr_leaf leaf;       /* its own cgroup, if it has one */
    struct nr_request request; /* the large ones last: a page nobody writes to costs nothing */
    uint8_t out[NR_OUT_SIZE];  /* control's; after request, so that both are given back together */
};

/* One job from hire to GONE. Takes over all descriptors of `hire`. When it returns nothing of the job is left; false: the host was not told. */
bool nr_job_run(struct nr_shepherd *shepherd, struct nr_hire *hire);

/* Something happened (watch.c): the table decides, and its actions are done. `grace` in ms, for events that begin an ending. */
void nr_job_happen(struct nr_job *job, enum nr_event event, enum nr_cause cause, int64_t grace);
/* A job that is over before has cost no pages that the next one would have to ask for again. */
#define NR_JOB_SHORT (INT64_C(20) * 1000000)
/* Gives back what only its birth needed: it may wait for days now. */
void nr_job_trim(struct nr_job *job);
/* Waits and acts until the job is OVER. */
void nr_job_watch(struct nr_job *job);

/* Reaps whatever has ended, says what there is to say of it, and notices emptiness (reap.c). */
void nr_job_reap(struct nr_job *job);
/* What has been counted so far, for the tree and its cgroup (reap.c). */
void nr_job_say_usage(struct nr_job *job);

/* Gives the job its own cgroup where that is wanted, before the birth (isolation.c). false: it was to be and cannot; said so. */
bool nr_job_isolate(struct nr_job *job, enum nr_stage *stage, int *error);
/* Nobody is left, or nobody was born: says what the cgroup knows and removes it. */
void nr_job_release(struct nr_job *job);
/* Stops everybody where he is, or lets them go on; `id`: the question, answered by DONE once it is so. */
void nr_job_freeze(struct nr_job *job, uint64_t id);
/* freeze_at has come. */
void nr_job_freeze_on(struct nr_job *job);
void nr_job_thaw(struct nr_job *job);
/* cgroup.events has changed. */
void nr_job_hear_cgroup(struct nr_job *job);

/* FOREGROUND: the child has the terminal again, if the host has it now. Nothing for any other child. */
void nr_job_give_terminal(const struct nr_job *job);

/* TERMINAL: before GONE, so that whoever still holds the pty then is nobody of ours. */
void nr_job_let_go_of_pty(struct nr_job *job);

/* A question or order of the host (answer.c). */
void nr_job_answer(void *job, const struct nr_frame *frame);

#endif
