/* budget.h: what a run will take of memory and disk, before anything big is allocated.
 *
 * Memory is what is resident at its highest: what the process holds now (the program, the corpus as
 * ids, the tokenizer; measured) and what the run will allocate (known to the byte); or, if that was
 * more, the highest so far, when the text was read and the tokenizer trained. */
#ifndef AZ_LAB_BUDGET_H
#define AZ_LAB_BUDGET_H

#include "azimuth/model.h"
#include "azimuth/train.h"
#include "lab/recorder_plan.h"

/* What a run that goes on has on the disk already. */
struct az_budget_held {
    int64_t step;                               /* done */
    uint64_t recording_bytes, checkpoint_bytes; /* of files that will be gone on in or replaced */
};

struct az_budget_facts {
    const struct az_experiment *experiment;
    const struct az_model_plan *model;
    const struct az_recorder_plan *recorder;
    size_t parameters; /* elements of the flat vector */
    size_t dead;
    int threads;
    const char *directory; /* of the run; need not exist; NULL: the free space is not looked at */
    const struct az_budget_held *held; /* of a run that goes on; else NULL */
};

/* Fills lines, totals and limits of the plan. Call it right after the text was read. */
enum az_status az_budget_fill(struct az_train_plan *plan, const struct az_budget_facts *facts,
                              struct az_error *error);

/* AZ_BUDGET, naming the figure, by how much it is over, and the option that helps. */
enum az_status az_budget_check(const struct az_train_plan *plan,
                               const struct az_budget_facts *facts, struct az_error *error);

#endif
