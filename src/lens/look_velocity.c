#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "lens/look.h"

#define MOST_STARTS 200 /* of a whole pass, about */
#define RING_BYTES ((size_t)128 << 20)

static const int64_t lags[AZ_VELOCITY_LAGS] = {1, 2, 3, 5, 7, 10, 14, 20, 30, 50, 70, 100};
#define MOST_LAG 100
#define SPARSE 10     /* moves between starts, where not every move is one: a tenth of the cost */
#define DENSE 10      /* first moves that are starts, every one */
#define MOST_PAIRS 32 /* compared together */

/* Velocities of all rows at a frame from which lags are counted. */
struct start {
    int64_t number; /* of its frame in the pass; 0: empty */
    struct az_bf16 *before, *now;
    double *squares; /* [rows] */
};

/* Sums of one class in one chunk of rows, and of all. */
struct sums {
    int64_t pairs;
    double products, squares, cosines;
};

/* A start and a frame of the block that is a lag behind it. */
struct pair {
    const struct start *start;
    int64_t frame;
    int lag, window;
};

struct az_look_velocity {
    int64_t every, dense, start_count; /* dense ones first */
    struct start *starts;
    struct sums *chunks; /* [MOST_PAIRS][chunks][AZ_TOKEN_CLASSES] */
    struct sums all[AZ_LENS_SETS][AZ_LENS_WINDOWS][AZ_VELOCITY_LAGS];

    struct pair pairs[MOST_PAIRS]; /* to be compared */
    size_t pair_count;
};

enum az_status az_look_velocity_create(struct az_look *look, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_look_velocity *velocity;
    size_t frame_bytes = (size_t)look->tensor->frame_bytes;
    AZ_TRY(az_memory_allocate(&look->velocity, 1, sizeof *look->velocity, "velocities", error));
    velocity = look->velocity;
    int64_t affordable = (int64_t)(RING_BYTES / (2 * frame_bytes));
    if (affordable < 1) affordable = 1;
    velocity->every = (look->subject->moves + MOST_STARTS - 1) / MOST_STARTS;
    if (velocity->every > 1 && velocity->every < SPARSE) velocity->every = SPARSE;
    int64_t thrifty = (MOST_LAG + affordable) / affordable;
    if (velocity->every < thrifty) velocity->every = thrifty;
    velocity->dense = affordable > 2 * DENSE ? DENSE : 0;
    velocity->start_count = velocity->dense + MOST_LAG / velocity->every + 1;
    AZ_TRY(az_memory_allocate(&velocity->starts, (size_t)velocity->start_count,
                              sizeof *velocity->starts, "velocities", error));
    AZ_TRY(az_memory_allocate(&velocity->chunks, (size_t)look->chunks * AZ_TOKEN_CLASSES,
                              MOST_PAIRS * sizeof *velocity->chunks, "velocities", error));
    for (int64_t n = 0; n < velocity->start_count; n++) {
        struct start *start = &velocity->starts[n];
        AZ_TRY(az_memory_allocate(&start->before, frame_bytes, 1, "velocities", error));
        AZ_TRY(az_memory_allocate(&start->now, frame_bytes, 1, "velocities", error));
        AZ_TRY(az_memory_allocate(&start->squares, (size_t)look->sets.rows, sizeof(double),
                                  "velocities", error));
    }
    look->lens->kinematics->velocity_every = velocity->every;
out:
    return status;
}

void az_look_velocity_free(struct az_look_velocity *velocity)
{
    if (!velocity) return;
    for (int64_t n = 0; velocity->starts && n < velocity->start_count; n++) {
        az_memory_free(velocity->starts[n].before);
        az_memory_free(velocity->starts[n].now);
        az_memory_free(velocity->starts[n].squares);
    }
    az_memory_free(velocity->starts);
    az_memory_free(velocity->chunks);
    az_memory_free(velocity);
}

/* One pair of frames over one chunk of rows. */
static void compare_chunk(void *context, size_t task, int thread)
{
    (void)thread;
    struct az_look *look = context;
    struct az_look_velocity *velocity = look->velocity;
    const struct pair *pair = &velocity->pairs[task / (size_t)look->chunks];
    const struct start *start = pair->start;
    struct sums *sums = &velocity->chunks[task * AZ_TOKEN_CLASSES];
    int64_t frame = pair->frame, chunk = (int64_t)(task % (size_t)look->chunks);
    memset(sums, 0, AZ_TOKEN_CLASSES * sizeof *sums);
    for (int64_t row = chunk * AZ_LOOK_CHUNK_ROWS; row < az_look_end_row(look, chunk); row++) {
        struct sums *to = &sums[look->sets.classes[row]];
        double from = start->squares[row], now = look->squares[(frame - 1) * look->sets.rows + row];
        size_t at = (size_t)row * look->dims;
        to->squares += from;
        if (!(from > 0) || !(now > 0)) continue;
        double product = look->rows.product(start->before + at, start->now + at,
                                            az_look_row(look, frame - 1, row),
                                            az_look_row(look, frame, row), look->dims);
        to->pairs++;
        to->products += product;
        to->cosines += product / (sqrt(from) * sqrt(now));
    }
}

static void add_pair(struct az_look *look, size_t number)
{
    struct az_look_velocity *velocity = look->velocity;
    const struct pair *pair = &velocity->pairs[number];
    const struct sums *chunks = velocity->chunks + number * (size_t)look->chunks * AZ_TOKEN_CLASSES;
    for (int set = 0; set < AZ_LENS_SETS; set++) {
        struct sums *to = &velocity->all[set][pair->window][pair->lag];
        for (int64_t n = 0; n < look->chunks * AZ_TOKEN_CLASSES; n++) {
            if (!(look->sets.members[set] >> n % AZ_TOKEN_CLASSES & 1)) continue;
            to->pairs += chunks[n].pairs;
            to->products += chunks[n].products;
            to->squares += chunks[n].squares;
            to->cosines += chunks[n].cosines;
        }
    }
}

/* All pairs gathered so far, before a start of theirs is overwritten. */
static void compare(struct az_look *look)
{
    struct az_look_velocity *velocity = look->velocity;
    az_pool_run(look->pool, compare_chunk, look, velocity->pair_count * (size_t)look->chunks);
    for (size_t n = 0; n < velocity->pair_count; n++) add_pair(look, n);
    velocity->pair_count = 0;
}

static void gather(struct az_look *look, const struct start *start, int64_t frame)
{
    struct az_look_velocity *velocity = look->velocity;
    int64_t lag = look->block.number + frame - start->number;
    for (int n = 0; start->number && n < AZ_VELOCITY_LAGS; n++) {
        if (lag != lags[n]) continue;
        if (velocity->pair_count == MOST_PAIRS) compare(look);
        velocity->pairs[velocity->pair_count++] =
            (struct pair){.start = start,
                          .frame = frame,
                          .lag = n,
                          .window = az_lens_window(look->subject->steps[start->number])};
    }
}

static void begin(struct az_look *look, int64_t frame)
{
    struct az_look_velocity *velocity = look->velocity;
    int64_t number = look->block.number + frame;
    size_t bytes = (size_t)look->tensor->frame_bytes;
    int64_t ring = velocity->start_count - velocity->dense;
    int64_t place =
        number <= velocity->dense ? number - 1 : velocity->dense + number / velocity->every % ring;
    struct start *start = &velocity->starts[place];
    if (start->number) compare(look);
    start->number = number;
    memcpy(start->before, az_look_row(look, frame - 1, 0), bytes);
    memcpy(start->now, az_look_row(look, frame, 0), bytes);
    memcpy(start->squares, look->squares + (frame - 1) * look->sets.rows,
           (size_t)look->sets.rows * sizeof *start->squares);
}

void az_look_velocity(struct az_look *look)
{
    struct az_look_velocity *velocity = look->velocity;
    for (int64_t frame = 1; frame <= look->block.moves; frame++) {
        int64_t number = look->block.number + frame;
        for (int64_t n = 0; n < velocity->start_count; n++) {
            gather(look, &velocity->starts[n], frame);
        }
        if (number <= velocity->dense || (number - 1) % velocity->every == 0) begin(look, frame);
    }
    compare(look);
    for (int set = 0; set < AZ_LENS_SETS; set++) {
        for (int n = 0; n < AZ_LENS_WINDOWS * AZ_VELOCITY_LAGS; n++) {
            int window = n / AZ_VELOCITY_LAGS, lag = n % AZ_VELOCITY_LAGS;
            const struct sums *from = &velocity->all[set][window][lag];
            look->lens->kinematics->sets[set].velocity[window][lag] = (struct az_velocity_lag){
                .lag_frames = lags[lag],
                .pairs = from->pairs,
                .products_ratio = from->squares > 0 ? from->products / from->squares : NAN,
                .mean_cosine = from->pairs ? from->cosines / (double)from->pairs : NAN};
        }
    }
}
