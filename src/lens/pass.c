#include "lens/pass.h"

#include <pthread.h>
#include <string.h>

#include "base/memory.h"

#define BLOCK_BYTES ((size_t)8 << 20)
#define MOST_MOVES 64
#define SLOTS 2

struct slot {
    unsigned char *bytes;
    int64_t *frames;
};

struct az_pass {
    struct az_pass_plan plan;
    int64_t length, most_moves, blocks;
    struct slot slots[SLOTS];

    pthread_mutex_t lock; /* of all that follows */
    pthread_cond_t changed;
    pthread_t thread;
    bool thread_runs, ending;
    int64_t filled; /* blocks below this are read */
    int64_t wanted; /* blocks below this may be read */
    enum az_status status;
    struct az_error error; /* of the thread */
    int64_t next;          /* block that the caller gets next */
};

int64_t az_pass_length(const struct az_pass_plan *plan)
{
    if (plan->list) return plan->listed;
    return (plan->last - plan->first + plan->every - 1) / plan->every + 1;
}

int64_t az_pass_most_moves(const struct az_pass_plan *plan)
{
    size_t bytes = plan->block_bytes ? plan->block_bytes : BLOCK_BYTES;
    int64_t moves = (int64_t)(bytes / plan->tensor->frame_bytes), length = az_pass_length(plan) - 1;
    if (moves > MOST_MOVES) moves = MOST_MOVES;
    if (moves > length) moves = length;
    return moves < 1 ? 1 : moves;
}

static int64_t frame_of(const struct az_pass *pass, int64_t number)
{
    if (pass->plan.list) return pass->plan.list[number];
    int64_t frame = pass->plan.first + number * pass->plan.every;
    return frame < pass->plan.last ? frame : pass->plan.last;
}

static int64_t moves_of(const struct az_pass *pass, int64_t block)
{
    int64_t left = pass->length - 1 - block * pass->most_moves;
    if (left < 0) return 0;
    return left < pass->most_moves ? left : pass->most_moves;
}

/* Neighbouring frames are read in one piece. */
static enum az_status read_frames(struct az_pass *pass, struct slot *slot, int64_t from,
                                  int64_t count, struct az_error *error)
{
    enum az_status status = AZ_OK;
    size_t bytes = (size_t)pass->plan.tensor->frame_bytes;
    for (int64_t n = 0; n < count;) {
        int64_t run = 1;
        while (n + run < count && slot->frames[from + n + run] == slot->frames[from + n] + run)
            run++;
        if (slot->frames[from + n] < 0)
            run = 1;
        else
            AZ_TRY(az_recording_read(pass->plan.recording, pass->plan.tensor,
                                     slot->frames[from + n], run,
                                     slot->bytes + (size_t)(from + n) * bytes, error));
        n += run;
    }
out:
    return status;
}

static enum az_status read_block(struct az_pass *pass, int64_t block, struct az_error *error)
{
    struct slot *slot = &pass->slots[block % SLOTS], *before = &pass->slots[(block + 1) % SLOTS];
    size_t bytes = (size_t)pass->plan.tensor->frame_bytes;
    int64_t moves = moves_of(pass, block), first = block * pass->most_moves;
    for (int64_t n = 0; n <= moves; n++) slot->frames[n] = frame_of(pass, first + n);
    if (block == 0) return read_frames(pass, slot, 0, moves + 1, error);
    memcpy(slot->bytes, before->bytes + (size_t)pass->most_moves * bytes, bytes);
    return read_frames(pass, slot, 1, moves, error);
}

static void *read_ahead(void *context)
{
    struct az_pass *pass = context;
    struct az_error error;
    az_error_clear(&error);
    pthread_mutex_lock(&pass->lock);
    while (!pass->ending && pass->status == AZ_OK && pass->filled < pass->blocks) {
        if (pass->filled >= pass->wanted) {
            pthread_cond_wait(&pass->changed, &pass->lock);
            continue;
        }
        int64_t block = pass->filled;
        pthread_mutex_unlock(&pass->lock);
        enum az_status status = read_block(pass, block, &error);
        pthread_mutex_lock(&pass->lock);
        pass->status = status;
        pass->error = error;
        if (status == AZ_OK) pass->filled++;
        pthread_cond_broadcast(&pass->changed);
    }
    pthread_mutex_unlock(&pass->lock);
    return NULL;
}

enum az_status az_pass_open(struct az_pass **pass_pointer, const struct az_pass_plan *plan,
                            struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_pass *pass;
    size_t bytes;
    *pass_pointer = NULL;
    AZ_TRY(az_memory_allocate(&pass, 1, sizeof *pass, "the frames", error));
    pthread_mutex_init(&pass->lock, NULL);
    pthread_cond_init(&pass->changed, NULL);
    pass->plan = *plan;
    pass->length = az_pass_length(plan);
    pass->most_moves = az_pass_most_moves(plan);
    pass->blocks = pass->length == 1 ? 1 : (pass->length - 2) / pass->most_moves + 1;
    pass->wanted = 1;
    size_t frames = (size_t)pass->most_moves + 1;
    AZ_TRY(az_size_multiply(frames, (size_t)plan->tensor->frame_bytes, &bytes, error));
    for (int slot = 0; slot < SLOTS; slot++) {
        AZ_TRY(az_memory_allocate(&pass->slots[slot].bytes, bytes, 1, "a block of frames", error));
        AZ_TRY(az_memory_allocate(&pass->slots[slot].frames, frames, sizeof(int64_t),
                                  "a block of frames", error));
    }
    int code = pthread_create(&pass->thread, NULL, read_ahead, pass);
    if (code) {
        status = az_error_system(error, code, "cannot start the thread that reads ahead");
        goto out;
    }
    pass->thread_runs = true;
    *pass_pointer = pass;
out:
    if (status != AZ_OK) az_pass_close(pass);
    return status;
}

enum az_status az_pass_next(struct az_pass *pass, struct az_pass_block *block,
                            struct az_error *error)
{
    int64_t number = pass->next++;
    const struct slot *slot = &pass->slots[number % SLOTS];
    *block = (struct az_pass_block){.number = number * pass->most_moves};
    if (number >= pass->blocks) return AZ_OK;
    pthread_mutex_lock(&pass->lock);
    pass->wanted = number + 2; /* into the slot of the block before */
    pthread_cond_broadcast(&pass->changed);
    while (pass->filled <= number && pass->status == AZ_OK)
        pthread_cond_wait(&pass->changed, &pass->lock);
    enum az_status status = pass->filled > number ? AZ_OK : pass->status;
    if (status != AZ_OK && error) *error = pass->error;
    pthread_mutex_unlock(&pass->lock);
    block->moves = moves_of(pass, number);
    block->frames = slot->frames;
    block->bytes = slot->bytes;
    return status;
}

void az_pass_close(struct az_pass *pass)
{
    if (!pass) return;
    pthread_mutex_lock(&pass->lock);
    pass->ending = true;
    pthread_cond_broadcast(&pass->changed);
    pthread_mutex_unlock(&pass->lock);
    if (pass->thread_runs) pthread_join(pass->thread, NULL);
    for (int slot = 0; slot < SLOTS; slot++) {
        az_memory_free(pass->slots[slot].bytes);
        az_memory_free(pass->slots[slot].frames);
    }
    pthread_mutex_destroy(&pass->lock);
    pthread_cond_destroy(&pass->changed);
    az_memory_free(pass);
}
