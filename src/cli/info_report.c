#include "cli/info_report.h"
#include "cli/print_json.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "azimuth/experiment.h"
#include "base/memory.h"
#include "base/unit.h"
#include "config/number.h"
#include "store/json.h"
#include "store/recording_names.h"

/* What is said of the whole file. */
struct facts {
    uint64_t file_bytes, frame_bytes, limit_bytes;
    int64_t frames, planned, summed;
    bool half_precision;
};

/* The recording's own budget where it tells it, else the usual one. */
static uint64_t limit_of(const struct az_recording *recording)
{
    struct az_experiment usual;
    int64_t limit;
    bool hdf5 = strcmp(az_recording_container(recording), "hdf5") == 0;
    const char *text = az_recording_text(recording, hdf5 ? "budget.hdf5" : "budget.safetensors");
    if (text && az_number_parse_bytes(text, &limit) && limit > 0) return (uint64_t)limit;
    az_experiment_init(&usual);
    return (uint64_t)(hdf5 ? usual.budget.hdf5_bytes : usual.budget.safetensors_bytes);
}

static struct facts facts_of(const struct az_recording *recording)
{
    struct facts facts = {.limit_bytes = limit_of(recording)};
    struct stat about;
    struct az_frame_sums sums;
    if (stat(az_recording_path(recording), &about) == 0) facts.file_bytes = (uint64_t)about.st_size;
    for (size_t n = 0; n < az_recording_count(recording); n++) {
        const struct az_recorded *tensor = az_recording_at(recording, n);
        facts.frames += tensor->frames;
        facts.planned += az_recording_planned(recording, tensor);
        facts.frame_bytes += (uint64_t)tensor->frames * tensor->frame_bytes;
        facts.half_precision |= tensor->dtype == AZ_DTYPE_F16;
        if (az_recording_sums(recording, tensor, 0, &sums)) facts.summed += tensor->frames;
    }
    return facts;
}

/* The text that a key has in the metadata, harmless in a terminal; "" where it has none. */
static const char *text_of(const struct az_recording *recording, const char *key, char text[128])
{
    const char *value = az_recording_text(recording, key);
    snprintf(text, 128, "%s", value ? value : "");
    az_unit_plain(text);
    return text;
}

/* ---- for people ---- */

static void print_name(int width, const char *name)
{
    char plain[AZ_TENSOR_NAME_BYTES];
    snprintf(plain, sizeof plain, "%s", name);
    az_unit_plain(plain);
    printf("%-*s ", width, plain);
}

static void print_shape(int rank, const int64_t *shape)
{
    char text[160] = "scalar";
    size_t used = 0;
    for (int r = 0; r < rank && used < sizeof text; r++)
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%" PRId64, r ? " x " : "",
                                 shape[r]);
    printf(" %-18s", text);
}

static void print_recorded(const struct az_recorded *tensor)
{
    char frames[AZ_UNIT_TEXT_BYTES], bytes[AZ_UNIT_TEXT_BYTES], steps[64] = "-";
    az_unit_count((uint64_t)tensor->frames, frames);
    az_unit_bytes((uint64_t)tensor->frames * tensor->frame_bytes, bytes);
    if (tensor->frames > 0)
        snprintf(steps, sizeof steps, "%" PRId64 " to %" PRId64, az_recording_step_of(tensor, 0),
                 az_recording_step_of(tensor, tensor->frames - 1));
    print_name(26, tensor->name);
    printf("%-4s", az_dtype_name(tensor->dtype));
    print_shape(tensor->frame_rank, tensor->frame_shape);
    printf(" %8s %-11s %8s%s\n", frames, steps, bytes, tensor->token_ids ? "  some rows" : "");
}

static void print_size(const struct az_recording *recording, const struct facts *facts)
{
    char file[AZ_UNIT_TEXT_BYTES], frames[AZ_UNIT_TEXT_BYTES], limit[AZ_UNIT_TEXT_BYTES];
    az_unit_bytes(facts->file_bytes, file);
    az_unit_bytes(facts->frame_bytes, frames);
    az_unit_bytes(facts->limit_bytes, limit);
    printf("%-12s %s, %s: %.3g %% of the %s of its frames, %.2g %% of a budget of %s\n", "file",
           az_recording_container(recording), file,
           facts->frame_bytes ? 100 * (double)facts->file_bytes / (double)facts->frame_bytes : 0,
           frames, 100 * (double)facts->file_bytes / (double)facts->limit_bytes, limit);
}

static void print_whole(const struct az_recording *recording, const struct facts *facts)
{
    char whole[AZ_UNIT_TEXT_BYTES], planned[AZ_UNIT_TEXT_BYTES], summed[AZ_UNIT_TEXT_BYTES];
    az_unit_count((uint64_t)facts->frames, whole);
    az_unit_count((uint64_t)facts->planned, planned);
    az_unit_count((uint64_t)facts->summed, summed);
    printf("%-12s %s frames of %s are whole%s; %s have sums that azimuth verify checks\n", "frames",
           whole, planned, az_recording_cut_short(recording) ? " (the run was cut short)" : "",
           summed);
}

void az_info_print_growth(const struct az_recording *recording)
{
    struct facts facts = facts_of(recording);
    char whole[AZ_UNIT_TEXT_BYTES], bytes[AZ_UNIT_TEXT_BYTES];
    az_unit_count((uint64_t)facts.frames, whole);
    az_unit_bytes(facts.file_bytes, bytes);
    printf("step %" PRId64 ": %s frames are whole, %s%s\n", az_recording_last_step(recording),
           whole, bytes, az_recording_cut_short(recording) ? "" : "; the run is over");
    fflush(stdout);
}

static void print_provenance(const struct az_recording *recording)
{
    static const char *const keys[][2] = {{"experiment.name", ""},
                                          {"optimizer.arithmetic", "arithmetic "},
                                          {"optimizer.rounding", "rounding "},
                                          {"model.compute", "compute "}};
    bool told = false;
    char text[128];
    if (!az_recording_text(recording, AZ_RECORDING_FORMAT_KEY)) {
        printf("%-12s another program: no metadata of azimuth, so no sums and no fingerprint\n",
               "made by");
        return;
    }
    printf("%-12s azimuth, format %s\n", "made by",
           text_of(recording, AZ_RECORDING_FORMAT_KEY, text));
    for (size_t n = 0; n < sizeof keys / sizeof keys[0]; n++) {
        if (!az_recording_text(recording, keys[n][0])) continue;
        if (!told) printf("%-12s ", "experiment");
        printf("%s%s%s", told ? ", " : "", keys[n][1], text_of(recording, keys[n][0], text));
        told = true;
    }
    if (told) printf("\n");
    if (az_recording_text(recording, "copied_from"))
        printf("%-12s %s\n", "copied from", text_of(recording, "copied_from", text));
    if (az_recording_text(recording, "fingerprint"))
        printf("%-12s %s\n", "fingerprint", text_of(recording, "fingerprint", text));
    if (az_recording_text(recording, "corpus.hash"))
        printf("%-12s %s\n", "corpus", text_of(recording, "corpus.hash", text));
}

static void print_constants(const struct az_recording *recording)
{
    const struct az_tensor *constant;
    bool told = false;
    for (size_t cursor = 0; (constant = az_recording_constant_next(recording, &cursor)) != NULL;) {
        char text[AZ_NUMBER_TEXT_BYTES];
        double value;
        if (!told) printf("\n%-26s %-4s  %-18s\n", "constant", "type", "shape or value");
        told = true;
        print_name(26, constant->name);
        printf("%-4s", az_dtype_name(constant->dtype));
        if (constant->rank == 0 && constant->dtype == AZ_DTYPE_I64 && constant->data) {
            int64_t number;
            memcpy(&number, constant->data, sizeof number);
            printf("  %" PRId64 "\n", number);
        } else if (constant->rank == 0 && az_recording_scalar(constant, &value)) {
            az_number_format(value, text);
            printf("  %s\n", text);
        } else {
            print_shape(constant->rank, constant->shape);
            printf("\n");
        }
    }
}

void az_info_print_recording(const struct az_recording *recording)
{
    struct facts facts = facts_of(recording);
    printf("%s: a recording up to step %" PRId64 "%s\n\n", az_recording_path(recording),
           az_recording_last_step(recording),
           az_recording_cut_short(recording) ? ", cut short" : "");
    print_size(recording, &facts);
    print_whole(recording, &facts);
    print_provenance(recording);
    if (facts.half_precision)
        printf("%-12s float16 cannot hold bf16 numbers: bits are lost, azimuth account refuses\n",
               "caution");
    printf("\n%-26s %-4s %-18s %8s %-11s %8s\n", "tensor", "type", " shape of a frame", "frames",
           "steps", "size");
    for (size_t n = 0; n < az_recording_count(recording); n++)
        print_recorded(az_recording_at(recording, n));
    print_constants(recording);
}

void az_info_print_tensors(const char *path, const struct az_safetensors *file)
{
    char bytes[AZ_UNIT_TEXT_BYTES];
    size_t count = az_safetensors_count(file);
    printf("%s: %zu tensor%s\n\n%-44s %-7s %-18s %8s\n", path, count, count == 1 ? "" : "s",
           "tensor", "type", " shape", "size");
    for (size_t n = 0; n < count; n++) {
        const struct az_tensor *tensor = az_safetensors_at(file, n);
        az_unit_bytes(tensor->bytes, bytes);
        print_name(44, tensor->name);
        printf("%-7s", az_dtype_name(tensor->dtype));
        print_shape(tensor->rank, tensor->shape);
        printf(" %8s\n", bytes);
    }
}

/* ---- for programs ---- */

static void json_shape(struct az_json *json, const char *key, int rank, const int64_t *shape)
{
    az_json_open(json, key, '[');
    for (int n = 0; n < rank; n++) az_json_integer(json, NULL, shape[n]);
    az_json_close(json, ']');
}

static void json_movie(struct az_json *json, const struct az_recording *recording,
                       const struct az_recorded *tensor)
{
    struct az_frame_sums sums;
    az_json_open(json, NULL, '{');
    az_json_text(json, "name", tensor->name);
    az_json_text(json, "type", az_dtype_name(tensor->dtype));
    json_shape(json, "frame_shape", tensor->frame_rank, tensor->frame_shape);
    az_json_unsigned(json, "frame_bytes", tensor->frame_bytes);
    az_json_integer(json, "frames", tensor->frames);
    az_json_integer(json, "frames_planned", az_recording_planned(recording, tensor));
    if (tensor->frames) {
        az_json_integer(json, "first_step", az_recording_step_of(tensor, 0));
        az_json_integer(json, "last_step", az_recording_step_of(tensor, tensor->frames - 1));
    }
    az_json_boolean(json, "every_step", tensor->steps == NULL);
    az_json_boolean(json, "some_rows", tensor->token_ids != NULL);
    az_json_boolean(json, "sums", az_recording_sums(recording, tensor, 0, &sums));
    az_json_close(json, '}');
}

static void json_constant(struct az_json *json, const struct az_tensor *constant)
{
    double value;
    az_json_open(json, NULL, '{');
    az_json_text(json, "name", constant->name);
    az_json_text(json, "type", az_dtype_name(constant->dtype));
    json_shape(json, "shape", constant->rank, constant->shape);
    if (constant->rank == 0 && az_recording_scalar(constant, &value))
        az_json_real(json, "value", value);
    az_json_close(json, '}');
}

enum az_status az_info_json_recording(const struct az_recording *recording, struct az_error *error)
{
    struct facts facts = facts_of(recording);
    struct az_json json;
    const struct az_tensor *constant;
    const char *key, *value;
    az_json_init(&json, true);
    az_json_open(&json, NULL, '{');
    az_json_text(&json, "recording", az_recording_path(recording));
    az_json_text(&json, "container", az_recording_container(recording));
    az_json_unsigned(&json, "file_bytes", facts.file_bytes);
    az_json_unsigned(&json, "frame_bytes", facts.frame_bytes);
    az_json_unsigned(&json, "budget_bytes", facts.limit_bytes);
    az_json_boolean(&json, "cut_short", az_recording_cut_short(recording));
    az_json_boolean(&json, "exact", !facts.half_precision);
    az_json_integer(&json, "last_step", az_recording_last_step(recording));
    az_json_integer(&json, "frames", facts.frames);
    az_json_integer(&json, "frames_planned", facts.planned);
    az_json_integer(&json, "frames_with_sums", facts.summed);
    az_json_open(&json, "tensors", '[');
    for (size_t n = 0; n < az_recording_count(recording); n++)
        json_movie(&json, recording, az_recording_at(recording, n));
    az_json_close(&json, ']');
    az_json_open(&json, "constants", '[');
    for (size_t cursor = 0; (constant = az_recording_constant_next(recording, &cursor)) != NULL;)
        json_constant(&json, constant);
    az_json_close(&json, ']');
    az_json_open(&json, "metadata", '{');
    for (size_t n = 0; az_recording_metadata_at(recording, n, &key, &value); n++)
        az_json_text(&json, key, value);
    az_json_close(&json, '}');
    az_json_close(&json, '}');
    return az_print_json(&json, error);
}

enum az_status az_info_json_tensors(const char *path, const struct az_safetensors *file,
                                    struct az_error *error)
{
    struct az_json json;
    az_json_init(&json, true);
    az_json_open(&json, NULL, '{');
    az_json_text(&json, "file", path);
    az_json_open(&json, "tensors", '[');
    for (size_t n = 0; n < az_safetensors_count(file); n++)
        json_constant(&json, az_safetensors_at(file, n));
    az_json_close(&json, ']');
    az_json_close(&json, '}');
    return az_print_json(&json, error);
}
