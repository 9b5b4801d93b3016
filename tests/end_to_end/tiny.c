#define _GNU_SOURCE
#include "tiny.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static char directory[256];

/* ---- texts ---- */

static uint32_t next_random(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*state >> 33);
}

/* Words of syllables of two letters, frequent ones more often, with spaces, stops and lines. */
static void write_words(const char *path, const char *const *consonants, const char *const *vowels,
                        int words, uint64_t seed)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    for (int w = 0; w < words; w++) {
        uint64_t word = next_random(&seed) % 300;
        word *= next_random(&seed) % 300; /* small numbers are frequent */
        word /= 300;
        uint64_t state = word * 7919 + 1;
        int syllables = 1 + (int)(next_random(&state) % 3);
        for (int s = 0; s < syllables; s++) {
            fputs(consonants[next_random(&state) % 8], file);
            fputs(vowels[next_random(&state) % 4], file);
        }
        fputs(w % 97 == 96 ? ".\n" : " ", file);
    }
    assert_int_equal(fclose(file), 0);
}

static void write_texts(void)
{
    static const char *const latin[] = {"b", "d", "k", "l", "m", "n", "s", "t"};
    static const char *const latin_vowels[] = {"a", "e", "i", "o"};
    static const char *const greek[] = {"β", "δ", "κ", "λ", "μ", "ν", "σ", "τ"};
    static const char *const greek_vowels[] = {"α", "ε", "ι", "ο"};
    write_words(tiny_path("text.txt"), latin, latin_vowels, 4000, 1);
    write_words(tiny_path("dead.txt"), greek, greek_vowels, 1500, 2);
}

/* ---- the directory ---- */

static int remove_entry(const char *path, const struct stat *about, int type, struct FTW *walk)
{
    (void)about;
    (void)type;
    (void)walk;
    return remove(path);
}

static void remove_tree(const char *path) { nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS); }

int tiny_start(void **state)
{
    (void)state;
    const char *parent = getenv("TMPDIR");
    snprintf(directory, sizeof directory, "%s/azimuth-test-XXXXXX", parent ? parent : "/tmp");
    if (!mkdtemp(directory)) return 1;
    write_texts();
    return 0;
}

int tiny_finish(void **state)
{
    (void)state;
    remove_tree(directory);
    return 0;
}

const char *tiny_path(const char *name)
{
    static char paths[16][512];
    static unsigned turn;
    char *path = paths[turn++ % 16];
    snprintf(path, 512, "%s/%s", directory, name);
    return path;
}

/* ---- runs ---- */

static void override(struct az_experiment *experiment, const char *assignment)
{
    struct az_error error;
    az_error_clear(&error);
    if (az_experiment_override(experiment, assignment, &error) != AZ_OK)
        fail_msg("%s: %s", assignment, error.message);
}

struct az_experiment tiny_experiment(const char *overrides)
{
    static const char *const base[] = {"tokenizer.vocabulary=420",
                                       "model.layers=2",
                                       "model.width=32",
                                       "model.heads=2",
                                       "model.context=24",
                                       "model.ffn_multiplier=2",
                                       "train.batch=2",
                                       "train.steps=8",
                                       "record.W=1",
                                       "record.grad_W=1",
                                       "record.momentum_W=1",
                                       "record.variance_W=1"};
    static struct az_experiment experiment;
    char text[AZ_TEXT_BYTES], *rest = NULL;
    az_experiment_init(&experiment);
    for (size_t n = 0; n < sizeof base / sizeof *base; n++) override(&experiment, base[n]);
    snprintf(text, sizeof text, "corpus.text=%s", tiny_path("text.txt"));
    override(&experiment, text);
    snprintf(text, sizeof text, "tokenizer.texts=%s:1 %s:1", tiny_path("text.txt"),
             tiny_path("dead.txt"));
    override(&experiment, text);
    snprintf(text, sizeof text, "%s", overrides);
    for (char *word = strtok_r(text, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
        override(&experiment, word);
    return experiment;
}

enum az_status tiny_run(const struct az_experiment *experiment, const char *name, const char *isa,
                        int threads, struct az_train_result *result, struct az_error *error)
{
    char run[512], cache[512];
    snprintf(run, sizeof run, "%s", tiny_path(name));
    snprintf(cache, sizeof cache, "%s", tiny_path("cache"));
    remove_tree(run);
    struct az_train_options options = {
        .directory = run, .cache_directory = cache, .isa = isa, .threads = threads};
    az_error_clear(error);
    return az_train_run(experiment, &options, result, NULL, error);
}

struct az_train_result tiny_run_well(const struct az_experiment *experiment, const char *name)
{
    struct az_train_result result;
    struct az_error error;
    if (tiny_run(experiment, name, NULL, 0, &result, &error) != AZ_OK)
        fail_msg("%s: %s", name, error.message);
    return result;
}

/* ---- memory ---- */

static void keep_plan(void *context, const struct az_train_plan *plan)
{
    *(uint64_t *)context = plan->memory_bytes;
}

static int run_and_tell(const struct az_experiment *experiment, const char *cache, int end)
{
    uint64_t planned = 0;
    struct az_train_result result;
    struct az_error error;
    struct az_train_options options = {.directory = tiny_path("measured"),
                                       .cache_directory = cache,
                                       .planned = keep_plan,
                                       .context = &planned};
    az_error_clear(&error);
    enum az_status status = az_train_run(experiment, &options, &result, NULL, &error);
    if (status != AZ_OK) fprintf(stderr, "%s\n", error.message);
    return status != AZ_OK || write(end, &planned, sizeof planned) != sizeof planned;
}

double tiny_memory_ratio(const struct az_experiment *experiment, const char *cache)
{
    int ends[2], ended;
    uint64_t planned;
    struct rusage usage;
    remove_tree(tiny_path("measured"));
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) _exit(run_and_tell(experiment, cache, ends[1]));
    close(ends[1]);
    assert_int_equal(read(ends[0], &planned, sizeof planned), sizeof planned);
    close(ends[0]);
    assert_int_equal(wait4(child, &ended, 0, &usage), child);
    assert_int_equal(ended, 0);
    double peak = (double)usage.ru_maxrss * 1024, ratio = (double)planned / peak;
    print_message("planned %.1f MB, peak %.1f MB, ratio %.3f\n", (double)planned / 1e6, peak / 1e6,
                  ratio);
    return ratio;
}

/* ---- recordings ---- */

static struct az_recording *open_recording(const char *name)
{
    struct az_recording *recording;
    struct az_error error;
    az_error_clear(&error);
    if (az_recording_open(&recording, tiny_path(name), &error) != AZ_OK)
        fail_msg("%s: %s", name, error.message);
    return recording;
}

struct tiny_movie tiny_movie_of(const char *name, const char *tensor)
{
    struct tiny_movie movie = {0};
    struct az_recording *recording = open_recording(name);
    const struct az_recorded *recorded = az_recording_find(recording, tensor);
    if (!recorded) fail_msg("%s has no tensor %s", name, tensor);
    movie.about = *recorded;
    movie.about.steps = movie.about.token_ids = NULL; /* they end with the recording */
    movie.frames = recorded->frames;
    movie.frame_bytes = recorded->frame_bytes;
    movie.bytes = malloc((size_t)movie.frames * movie.frame_bytes + 1);
    assert_non_null(movie.bytes);
    assert_int_equal(az_recording_read(recording, recorded, 0, movie.frames, movie.bytes, NULL),
                     AZ_OK);
    az_recording_close(recording);
    return movie;
}

void tiny_movie_free(struct tiny_movie *movie)
{
    free(movie->bytes);
    movie->bytes = NULL;
}

double tiny_at(const struct tiny_movie *movie, int64_t frame, size_t index)
{
    const unsigned char *bytes = movie->bytes + (size_t)frame * movie->frame_bytes;
    assert_true((index + 1) * az_dtype_bytes(movie->about.dtype) <= movie->frame_bytes);
    if (movie->about.dtype == AZ_DTYPE_BF16) {
        struct az_bf16 value;
        memcpy(&value, bytes + index * sizeof value, sizeof value);
        return (double)az_bf16_to_f32(value);
    }
    float value;
    assert_int_equal(movie->about.dtype, AZ_DTYPE_F32);
    memcpy(&value, bytes + index * sizeof value, sizeof value);
    return (double)value;
}

size_t tiny_integers(const char *name, const char *tensor, int64_t **values)
{
    struct az_recording *recording = open_recording(name);
    const struct az_tensor *found = az_recording_tensor(recording, tensor);
    if (!found) fail_msg("%s has no tensor %s", name, tensor);
    assert_int_equal(found->dtype, AZ_DTYPE_I64);
    *values = malloc(found->bytes + 1);
    assert_non_null(*values);
    memcpy(*values, found->data, found->bytes);
    size_t count = found->bytes / sizeof **values;
    az_recording_close(recording);
    return count;
}
