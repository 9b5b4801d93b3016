#include "cli/lens_common.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "azimuth/motion.h"
#include "base/unit.h"
#include "cli/bar.h"
#include "store/file.h"

#define PATH_BYTES 4096

static bool has_option(const struct az_arguments *arguments, const char *name)
{
    for (const struct az_option *option = arguments->command->options; option->name; option++)
        if (strcmp(option->name, name) == 0) return true;
    return false;
}

static void read_set(struct az_lens_request *request, const char *name)
{
    request->set = AZ_LENS_SETS;
    for (enum az_lens_set set = 0; name && set < AZ_LENS_NAMED; set++)
        if (strcmp(name, az_lens_set_name(set)) == 0) request->set = set;
    if (!name || request->set != AZ_LENS_SETS) return;
    request->set = AZ_LENS_NAMED;
    request->options.named = name;
}

enum az_status az_lens_request_read(struct az_lens_request *request,
                                    const struct az_arguments *arguments, struct az_error *error)
{
    enum az_status status = AZ_OK;
    *request = (struct az_lens_request){.path = arguments->operands[0]};
    struct az_lens_options *options = &request->options;
    options->matrix = az_arguments_value(arguments, "--matrix");
    options->isa = az_arguments_value(arguments, "--isa");
    read_set(request, az_arguments_value(arguments, "--set"));
    AZ_TRY(az_arguments_threads(arguments, &options->threads, error));
    AZ_TRY(
        az_arguments_integer(arguments, "--from", 0, INT64_MAX / 2, &options->first_step, error));
    AZ_TRY(az_arguments_integer(arguments, "--to", 1, INT64_MAX / 2, &options->last_step, error));
    if (has_option(arguments, "--guard"))
        AZ_TRY(az_arguments_integer(arguments, "--guard", 1, INT64_MAX / 2, &options->guard_steps,
                                    error));
out:
    return status;
}

enum az_status az_lens_request_choose(struct az_lens_request *request,
                                      const bool present[AZ_LENS_SETS], struct az_error *error)
{
    if (request->set == AZ_LENS_SETS)
        request->set = present[AZ_LENS_DEAD] ? AZ_LENS_DEAD : AZ_LENS_ALL;
    if (present[request->set]) return AZ_OK;
    enum az_lens_set other = request->set == AZ_LENS_DEAD ? AZ_LENS_LIVE : AZ_LENS_DEAD;
    return az_error_raise(error, AZ_USAGE, "--set %s: %s", az_lens_set_name(request->set),
                          present[other]
                              ? "none of the recorded rows is one of these"
                              : "the recording does not say which tokens are dead (no "
                                "dead_indices, and no live_dead_tokens.safetensors beside it); "
                                "take --set all, or a file of token ids");
}

enum az_status az_lens_request_look(struct az_lens_request *request, struct az_lens **lens,
                                    struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_bar bar;
    struct az_progress *progress = az_bar_start(&bar);
    *lens = NULL;
    AZ_TRY(az_lens_look(lens, request->path, &request->options, progress, error));
    AZ_TRY(az_lens_request_choose(request, (*lens)->subject.present, error));
out:
    az_bar_end(&bar);
    return status;
}

enum az_status az_lens_tokenizer_read(struct az_tokenizer **tokenizer, const char *given,
                                      const char *recording, struct az_error *error)
{
    enum az_status status = AZ_OK;
    char path[PATH_BYTES];
    const char *slash = strrchr(recording, '/');
    *tokenizer = NULL;
    if (given) return az_tokenizer_load(tokenizer, given, error);
    if (az_file_is_directory(recording))
        AZ_TRY(az_path_join(path, sizeof path, recording, "tokenizer.json", error));
    else
        snprintf(path, sizeof path, "%.*stokenizer.json", slash ? (int)(slash - recording) + 1 : 0,
                 recording);
    if (az_file_exists(path)) AZ_TRY(az_tokenizer_load(tokenizer, path, error));
out:
    return status;
}

const char *az_lens_kind(const struct az_lens_subject *subject, int64_t row)
{
    if (!subject->present[AZ_LENS_DEAD] && !subject->present[AZ_LENS_LIVE]) return "all";
    return subject->sets[row] >> AZ_LENS_DEAD & 1 ? "dead" : "live";
}

void az_lens_quantile_name(char *name, size_t capacity_bytes, const char *quantity, int quantile)
{
    double q = az_motion_share(quantile);
    if (q == 0 || q == 1)
        snprintf(name, capacity_bytes, "%s_%s", quantity, q == 0 ? "min" : "max");
    else
        snprintf(name, capacity_bytes, "%s_q%02.0f", quantity, 100 * q);
}

const char *az_lens_set_title(const struct az_lens *lens, enum az_lens_set set)
{
    return set == AZ_LENS_NAMED ? lens->subject.named : az_lens_set_name(set);
}

void az_lens_print_head(const struct az_lens *lens, const struct az_lens_request *request)
{
    const struct az_lens_subject *subject = &lens->subject;
    char rows[AZ_UNIT_TEXT_BYTES], moves[AZ_UNIT_TEXT_BYTES], set[AZ_UNIT_TEXT_BYTES];
    az_unit_count((uint64_t)subject->rows, rows);
    az_unit_count((uint64_t)subject->moves + 1, moves);
    az_unit_count((uint64_t)subject->counts[request->set], set);
    printf("%s: %s, %s tokens of %" PRId64 " dimensions, %s frames from step %" PRId64
           " to %" PRId64,
           request->path, subject->matrix, rows, subject->dims, moves, subject->steps[0],
           subject->steps[subject->moves]);
    if (subject->longest_gap_steps > 1)
        printf(", up to %" PRId64 " steps apart: motions are dated by the frame that shows them",
               subject->longest_gap_steps);
    printf("\ntold of: %s, %s tokens\n\n", az_lens_set_title(lens, request->set), set);
}

bool az_lens_is_shown(int64_t move, int64_t last)
{
    static const int64_t firsts[] = {1, 2, 3, 5, 7};
    if (move == last) return true;
    for (int64_t ten = 1; ten <= move; ten *= 10)
        for (size_t k = 0; k < sizeof firsts / sizeof *firsts; k++)
            if (move == firsts[k] * ten) return true;
    return false;
}

bool az_lens_window_text(const struct az_lens *lens, int window, char *text, size_t capacity_bytes)
{
    const struct az_lens_subject *subject = &lens->subject;
    int64_t first = -1, last = -1;
    for (int64_t n = 1; n <= subject->moves; n++) {
        if (az_lens_window(subject->steps[n]) != window) continue;
        if (first < 0) first = subject->steps[n];
        last = subject->steps[n];
    }
    if (first >= 0) snprintf(text, capacity_bytes, "%" PRId64 " to %" PRId64, first, last);
    return first >= 0;
}
