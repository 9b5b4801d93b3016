/* lens_common.h: what the commands that look at a recording share: options, sets, tables. */
#ifndef AZ_CLI_LENS_COMMON_H
#define AZ_CLI_LENS_COMMON_H

#include "azimuth/lens.h"
#include "azimuth/tokenizer.h"
#include "cli/arguments.h"

#define AZ_LENS_OPTIONS                                                                            \
    {"--set",                                                                                      \
     NULL,                                                                                         \
     "SET",                                                                                        \
     "dead, else all",                                                                             \
     AZ_COMPLETE_FILE,                                                                             \
     false,                                                                                        \
     false,                                                                                        \
     "tokens to tell of: dead, live, all, or a file with token ids (text) or a mask or ids "       \
     "(safetensors, FILE or FILE:TENSOR)"},                                                        \
        {"--matrix",                                                                               \
         NULL,                                                                                     \
         "NAME",                                                                                   \
         "W",                                                                                      \
         AZ_COMPLETE_NONE,                                                                         \
         false,                                                                                    \
         false,                                                                                    \
         "matrix to look at: W, U, or params/NAME of two dimensions, recorded in bf16"},           \
        {"--from",         NULL,  "STEP", "the start",                                             \
         AZ_COMPLETE_NONE, false, false,  "first step whose frame is looked at"},                  \
    {                                                                                              \
        "--to", NULL, "STEP", "the end", AZ_COMPLETE_NONE, false, false, "last one"                \
    }

#define AZ_LENS_GUARD                                                                              \
    {                                                                                              \
        "--guard", NULL, "STEPS", "max(100, T/10)", AZ_COMPLETE_NONE, false, false,                \
            "a token that moved less than so many steps before the end is not called frozen but "  \
            "censored"                                                                             \
    }

#define AZ_LENS_JSON                                                                               \
    {                                                                                              \
        "--json", NULL, NULL, NULL, AZ_COMPLETE_NONE, false, false,                                \
            "prints the results as JSON instead of tables"                                         \
    }

struct az_lens_request {
    const char *path;
    struct az_lens_options options;
    enum az_lens_set set; /* AZ_LENS_SETS: dead where it is known, else all */
};

/* From the words; borrowed. Only options that the command has are asked for. */
enum az_status az_lens_request_read(struct az_lens_request *request,
                                    const struct az_arguments *arguments, struct az_error *error);
/* Looks, with a bar; chooses the set. AZ_USAGE: the recording does not say who is dead. */
enum az_status az_lens_request_look(struct az_lens_request *request, struct az_lens **lens,
                                    struct az_error *error);

/* Sets request->set where it was not asked for. AZ_USAGE where the one asked for has no token. */
enum az_status az_lens_request_choose(struct az_lens_request *request,
                                      const bool present[AZ_LENS_SETS], struct az_error *error);

/* Three lines: what was looked at and which set the tables are of. */
void az_lens_print_head(const struct az_lens *lens, const struct az_lens_request *request);
const char *az_lens_set_title(const struct az_lens *lens, enum az_lens_set set);

/* The tokenizer `given`, or where that is NULL the tokenizer.json beside the recording, in its run
 * directory; none is no error: *tokenizer is NULL then. */
enum az_status az_lens_tokenizer_read(struct az_tokenizer **tokenizer, const char *given,
                                      const char *recording, struct az_error *error);

/* "dead" or "live"; "all" where that is not known. */
const char *az_lens_kind(const struct az_lens_subject *subject, int64_t row);
/* "l1_cells_min", "l1_cells_q50", "l1_cells_max" */
void az_lens_quantile_name(char *name, size_t capacity_bytes, const char *quantity, int quantile);

/* Moves that tables show: 1, 2, 3, 5, 7, 10, 20 ... and the last. */
bool az_lens_is_shown(int64_t move, int64_t last);

/* "steps 11 to 100", as far as the run goes; false where it has none of the window's. */
bool az_lens_window_text(const struct az_lens *lens, int window, char *text, size_t capacity_bytes);

#endif
