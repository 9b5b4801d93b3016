#include <inttypes.h>
#include <stdio.h>

#include "azimuth/verify.h"
#include "base/memory.h"
#include "base/unit.h"
#include "cli/arguments.h"
#include "cli/bar.h"
#include "cli/commands.h"
#include "cli/print_json.h"
#include "store/json.h"

static const char *const fingerprint_words[] = {[AZ_FINGERPRINT_NONE] = "none",
                                                [AZ_FINGERPRINT_EQUAL] = "equal",
                                                [AZ_FINGERPRINT_OTHER] = "other"};

/* The table grows line by line, for people or for programs. */
struct table {
    bool told;
    struct az_json *json; /* NULL: to stdout */
};

static void tell_tensor(void *context, const struct az_verify_tensor *tensor)
{
    struct table *table = context;
    if (table->json) {
        az_json_open(table->json, NULL, '{');
        az_json_text(table->json, "name", tensor->tensor->name);
        az_json_integer(table->json, "frames", tensor->frames);
        az_json_integer(table->json, "with_sums", tensor->summed);
        az_json_integer(table->json, "bad", tensor->bad);
        az_json_close(table->json, '}');
        return;
    }
    char name[AZ_TENSOR_NAME_BYTES], counts[3][AZ_UNIT_TEXT_BYTES];
    snprintf(name, sizeof name, "%s", tensor->tensor->name);
    az_unit_plain(name);
    az_unit_count((uint64_t)tensor->frames, counts[0]);
    az_unit_count((uint64_t)tensor->summed, counts[1]);
    az_unit_count((uint64_t)tensor->bad, counts[2]);
    if (!table->told) printf("%-34s %12s %12s %12s\n", "tensor", "frames", "with sums", "bad");
    printf("%-34s %12s %12s %12s\n", name, counts[0], counts[1], counts[2]);
    table->told = true;
}

static void print_first(const struct az_verify_place *first)
{
    if (!first->tensor) return;
    printf("first bad frame: %s, step %" PRId64 " (frame %" PRId64 ")", first->tensor->name,
           first->step, first->frame);
    if (first->unreadable)
        printf(": %s\n", first->reason);
    else if (first->token >= 0)
        printf(": bit %d of token %" PRId64 ", dimension %" PRId64 " has flipped\n", first->bit,
               first->token, first->dim);
    else if (first->element >= 0)
        printf(": bit %d of its element %" PRId64 " has flipped\n", first->bit, first->element);
    else
        printf(": several bits are others\n");
}

static void print_result(const struct az_verify_result *result)
{
    char frames[AZ_UNIT_TEXT_BYTES], summed[AZ_UNIT_TEXT_BYTES], bytes[AZ_UNIT_TEXT_BYTES];
    az_unit_count((uint64_t)result->frames, frames);
    az_unit_count((uint64_t)result->summed, summed);
    az_unit_bytes(result->bytes, bytes);
    printf("\n%s frames read (%s), %s of them compared with their sums: %" PRId64 " bad\n", frames,
           bytes, summed, result->bad);
    switch (result->fingerprint) {
    case AZ_FINGERPRINT_EQUAL:
        printf("the fingerprint over all frames is the recorded one\n");
        break;
    case AZ_FINGERPRINT_OTHER: printf("the fingerprint over all frames is another\n"); break;
    case AZ_FINGERPRINT_NONE: printf("no fingerprint to compare with\n"); break;
    }
    if (result->lists[0]) printf("a list is damaged: %s\n", result->lists);
    print_first(&result->first);
}

static void json_first(struct az_json *json, const struct az_verify_place *first)
{
    if (!first->tensor) {
        az_json_literal(json, "first_bad", "null");
        return;
    }
    az_json_open(json, "first_bad", '{');
    az_json_text(json, "tensor", first->tensor->name);
    az_json_integer(json, "frame", first->frame);
    az_json_integer(json, "step", first->step);
    if (first->unreadable) az_json_text(json, "reason", first->reason);
    if (first->element >= 0) az_json_integer(json, "element", first->element);
    if (first->element >= 0) az_json_integer(json, "bit", first->bit);
    if (first->token >= 0) az_json_integer(json, "token", first->token);
    if (first->token >= 0) az_json_integer(json, "dim", first->dim);
    az_json_close(json, '}');
}

static void json_result(struct az_json *json, const struct az_verify_result *result)
{
    az_json_integer(json, "frames", result->frames);
    az_json_integer(json, "frames_with_sums", result->summed);
    az_json_integer(json, "bad", result->bad);
    az_json_unsigned(json, "bytes", result->bytes);
    az_json_text(json, "fingerprint", fingerprint_words[result->fingerprint]);
    if (result->lists[0]) az_json_text(json, "damaged_list", result->lists);
    json_first(json, &result->first);
}

static enum az_status verify(const struct az_arguments *arguments,
                             const struct az_recording *recording, struct az_json *json,
                             struct az_error *error)
{
    enum az_status status = AZ_OK, told = AZ_OK;
    struct az_verify_result result;
    struct az_bar bar;
    struct az_progress *progress = az_bar_start(&bar);
    struct table table = {.json = az_arguments_has(arguments, "--json") ? json : NULL};
    struct az_verify_options options = {.tensor = tell_tensor, .context = &table};
    AZ_TRY(az_arguments_threads(arguments, &options.threads, error));
    az_json_open(json, NULL, '{');
    az_json_text(json, "recording", az_recording_path(recording));
    az_json_boolean(json, "cut_short", az_recording_cut_short(recording));
    az_json_open(json, "tensors", '[');
    status = az_verify(recording, &options, &result, progress, error);
    az_bar_end(&bar);
    if (status != AZ_OK && status != AZ_DIFFERENCE) goto out;
    az_json_close(json, ']');
    json_result(json, &result);
    az_json_close(json, '}');
    if (table.json)
        told = az_print_json(json, error);
    else
        print_result(&result);
    if (told != AZ_OK) status = told;
out:
    az_bar_end(&bar);
    return status;
}

static enum az_status run(const struct az_arguments *arguments, struct az_error *error)
{
    struct az_recording *recording;
    struct az_json json;
    enum az_status status = az_recording_open(&recording, arguments->operands[0], error);
    if (status != AZ_OK) return status;
    az_json_init(&json, true);
    status = verify(arguments, recording, &json, error);
    az_json_free(&json);
    az_recording_close(recording);
    return status;
}

static const struct az_option options[] = {
    {"--json", NULL, NULL, NULL, AZ_COMPLETE_NONE, false, false,
     "prints everything as JSON instead of tables"},
    AZ_OPTION_THREADS,
    AZ_OPTION_END,
};

const struct az_command az_command_verify = {
    .name = "verify",
    .summary = "checks that every frame of a recording is as it was written",
    .operands = "RECORDING",
    .operands_least = 1,
    .operands_most = 1,
    .complete = AZ_COMPLETE_FILE,
    .description =
        "Checks the structure of the file, reads every frame, and compares it with the two sums "
        "that were written with it, and all frames with the fingerprint; lists of steps and tokens "
        "are "
        "held against the rest of the file. Where a single bit of a "
        "frame has flipped, its place is told. Recordings of other programs have neither sums nor "
        "fingerprint: they are read to the end and no more can be said.\n"
        "RECORDING is a file (a .part too) or a run directory. Exit code 1 when a frame is bad; "
        "the "
        "first one is told.",
    .options = options,
    .examples = "azimuth verify demo-run\n"
                "azimuth verify demo-run/recording.safetensors.part  # what a killed run left\n",
    .run = run,
};
