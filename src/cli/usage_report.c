#include "cli/usage_report.h"
#include "cli/print_json.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "azimuth/corpus.h"
#include "azimuth/figure.h"
#include "base/memory.h"
#include "base/unit.h"
#include "store/csv.h"
#include "store/json.h"
#include "text/builtin.h"

#define TEXT_BYTES 1024

enum az_status az_usage_hash(const char *name, bool text, struct az_hash *hash,
                             struct az_error *error)
{
    char *bytes;
    size_t length;
    if (!text || !az_builtin_is(name)) return az_hash_file(name, hash, error);
    enum az_status status = az_corpus_read(name, &bytes, &length, error);
    if (status != AZ_OK) return status;
    *hash = az_hash_bytes(bytes, length);
    az_corpus_free_text(bytes);
    return AZ_OK;
}

/* ---- shares of groups and sets ---- */

struct row {
    const char *name;
    struct az_usage_share share;
};

struct rows {
    struct row *rows;
    size_t count;
};

/* All rows, then the groups in order of their rows, then the sets. */
static enum az_status make_rows(struct rows *rows, const struct az_usage_report *report,
                                struct az_error *error)
{
    enum az_status status = AZ_OK;
    uint8_t *member = NULL;
    unsigned groups = az_token_group_count();
    *rows = (struct rows){0};
    AZ_TRY(az_memory_allocate(&member, report->usage.rows, 1, "a set", error));
    AZ_TRY(az_memory_allocate(&rows->rows, 1 + groups + report->set_count, sizeof *rows->rows,
                              "a table", error));
    memset(member, 1, report->usage.rows);
    rows->rows[rows->count++] = (struct row){"all", az_usage_of(&report->usage, member)};
    for (unsigned group = 0; group < groups; group++) {
        for (size_t id = 0; id < report->usage.rows; id++)
            member[id] = az_token_group(&report->tokens.row[id]) == group;
        struct row row = {az_token_group_name(group), az_usage_of(&report->usage, member)};
        size_t at = rows->count;
        if (!row.share.rows) continue;
        for (; at > 1 && rows->rows[at - 1].share.rows < row.share.rows; at--)
            rows->rows[at] = rows->rows[at - 1];
        rows->rows[at] = row;
        rows->count++;
    }
    for (size_t n = 0; n < report->set_count; n++)
        rows->rows[rows->count++] =
            (struct row){report->sets[n].name, az_usage_of(&report->usage, report->sets[n].member)};
out:
    az_memory_free(member);
    return status;
}

static void print_ratio(double value)
{
    if (isnan(value))
        printf(" %9s", "-");
    else
        printf(" %9.3f", value);
}

static void print_row(const struct az_usage *usage, const struct row *row)
{
    char rows[AZ_UNIT_TEXT_BYTES], live[AZ_UNIT_TEXT_BYTES], tokens[AZ_UNIT_TEXT_BYTES];
    az_unit_count(row->share.rows, rows);
    az_unit_count(row->share.live, live);
    az_unit_count(row->share.tokens, tokens);
    printf("%-22s %9s %9s %6.2f %%", row->name, rows, live,
           row->share.rows ? 100 * row->share.live_share : 0.0);
    print_ratio(row->share.live_enrichment);
    printf(" %13s %6.2f %%", tokens,
           usage->tokens ? 100.0 * (double)row->share.tokens / (double)usage->tokens : 0.0);
    print_ratio(row->share.token_enrichment);
    printf("\n");
}

/* Groups without a live row are one line, before the sets. */
static void print_rows(const struct az_usage_report *report, const struct rows *rows)
{
    size_t groups = rows->count - report->set_count, dead = 0, dead_rows = 0;
    for (size_t n = 0; n < groups; n++) {
        const struct row *row = &rows->rows[n];
        if (n == 0 || row->share.live) print_row(&report->usage, row);
        if (n == 0 || row->share.live) continue;
        dead++;
        dead_rows += row->share.rows;
    }
    char name[32];
    snprintf(name, sizeof name, "%zu others", dead);
    struct row others = {name,
                         {.rows = dead_rows, .token_enrichment = NAN, .live_enrichment = NAN}};
    if (dead) print_row(&report->usage, &others);
    for (size_t n = groups; n < rows->count; n++) print_row(&report->usage, &rows->rows[n]);
}

enum az_status az_usage_report_print(const struct az_usage_report *report, struct az_error *error)
{
    struct rows rows;
    char tokens[AZ_UNIT_TEXT_BYTES], bytes[AZ_UNIT_TEXT_BYTES];
    enum az_status status = make_rows(&rows, report, error);
    if (status == AZ_OK) {
        az_unit_count(report->usage.tokens, tokens);
        az_unit_count(report->usage.bytes, bytes);
        printf("%s tokens of %s bytes, %.3f bytes a token\n\n", tokens, bytes,
               (double)report->usage.bytes / (double)report->usage.tokens);
        printf("%-22s %9s %9s %8s %9s %13s %8s %9s\n", "set", "rows", "live", "share", "enriched",
               "occurrences", "share", "enriched");
        print_rows(report, &rows);
    }
    az_memory_free(rows.rows);
    return status;
}

enum az_status az_usage_report_json(const struct az_usage_report *report, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct rows rows;
    struct az_json json;
    az_json_init(&json, true);
    AZ_TRY(make_rows(&rows, report, error));
    az_json_open(&json, NULL, '{');
    az_json_unsigned(&json, "tokens", report->usage.tokens);
    az_json_unsigned(&json, "bytes", report->usage.bytes);
    az_json_open(&json, "sets", '[');
    for (size_t n = 0; n < rows.count; n++) {
        const struct az_usage_share *share = &rows.rows[n].share;
        az_json_open(&json, NULL, '{');
        az_json_text(&json, "name", rows.rows[n].name);
        az_json_unsigned(&json, "rows", share->rows);
        az_json_unsigned(&json, "live", share->live);
        az_json_unsigned(&json, "dead", share->rows - share->live);
        az_json_real(&json, "live_enrichment", share->live_enrichment);
        az_json_unsigned(&json, "occurrences", share->tokens);
        az_json_real(&json, "occurrence_enrichment", share->token_enrichment);
        az_json_close(&json, '}');
    }
    az_json_close(&json, ']');
    az_json_close(&json, '}');
    status = az_print_json(&json, error);
out:
    az_json_free(&json);
    az_memory_free(rows.rows);
    return status;
}

/* ---- files ---- */

enum az_status az_usage_report_csv(const struct az_usage_report *report, const char *path,
                                   struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_csv *csv = NULL;
    AZ_TRY(az_csv_create(&csv, path, AZ_CSV_WHOLE, "id,text,script,class,count", error));
    for (size_t id = 0; id < report->usage.rows; id++) {
        const struct az_token_row *row = &report->tokens.row[id];
        char text[TEXT_BYTES] = "";
        size_t length;
        const char *bytes = id < az_tokenizer_size(report->usage.tokenizer)
                                ? az_tokenizer_bytes(report->usage.tokenizer, id, &length)
                                : NULL;
        if (bytes) az_token_escape(bytes, length, text, sizeof text);
        az_csv_integer(csv, (int64_t)id);
        az_csv_text(csv, text);
        az_csv_text(csv, az_script_name(row->script));
        az_csv_text(csv, az_token_class_name((enum az_token_class)row->token_class));
        az_csv_integer(csv, (int64_t)report->usage.counts[id]);
        AZ_TRY(az_csv_end(csv, error));
    }
out:
    return az_csv_finish(csv, status, error);
}

static int descending(const void *a, const void *b)
{
    uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
    return left < right ? 1 : left > right ? -1 : 0;
}

struct zipf {
    uint64_t *counts;
    double *rank, *count, *covered;
    size_t live;
};

/* Where counts repeat, only the ends of a run are kept: on a line nothing is lost. */
static enum az_status make_zipf(struct zipf *zipf, const struct az_usage *usage, size_t *points,
                                struct az_error *error)
{
    enum az_status status = AZ_OK;
    uint64_t sum = 0;
    AZ_TRY(az_memory_allocate(&zipf->counts, usage->rows, sizeof *zipf->counts, "ranks", error));
    AZ_TRY(az_memory_allocate(&zipf->rank, usage->rows, sizeof(double), "ranks", error));
    AZ_TRY(az_memory_allocate(&zipf->count, usage->rows, sizeof(double), "ranks", error));
    AZ_TRY(az_memory_allocate(&zipf->covered, usage->rows, sizeof(double), "ranks", error));
    memcpy(zipf->counts, usage->counts, usage->rows * sizeof *zipf->counts);
    qsort(zipf->counts, usage->rows, sizeof *zipf->counts, descending);
    while (zipf->live < usage->rows && zipf->counts[zipf->live]) zipf->live++;
    for (size_t n = 0; n < zipf->live; n++) {
        sum += zipf->counts[n];
        bool inside = n && n + 1 < zipf->live && zipf->counts[n - 1] == zipf->counts[n] &&
                      zipf->counts[n + 1] == zipf->counts[n];
        if (inside) continue;
        zipf->rank[*points] = (double)(n + 1);
        zipf->count[*points] = (double)zipf->counts[n];
        zipf->covered[*points] = 100.0 * (double)sum / (double)usage->tokens;
        ++*points;
    }
out:
    return status;
}

enum az_status az_usage_report_figure(const struct az_usage_report *report, const char *path,
                                      struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct zipf zipf = {0};
    size_t points = 0;
    AZ_TRY(make_zipf(&zipf, &report->usage, &points, error));
    if (!zipf.live) AZ_RAISE(AZ_USAGE, "no token occurs; there is nothing to draw");
    struct az_figure_series counts = {
        .name = "occurrences", .x = zipf.rank, .y = zipf.count, .count = points};
    struct az_figure_series covered = {
        .name = "covered", .x = zipf.rank, .y = zipf.covered, .count = points};
    struct az_figure_axis ranks = {.label = "rank of the token", .logarithmic = true};
    struct az_figure_panel panels[] = {{.title = "Occurrences by rank",
                                        .point_unit = "live tokens",
                                        .count = zipf.live,
                                        .x = ranks,
                                        .y = {.label = "occurrences", .logarithmic = true},
                                        .series = &counts,
                                        .series_count = 1},
                                       {.title = "Share of the text that the first ranks cover",
                                        .point_unit = "live tokens",
                                        .count = zipf.live,
                                        .x = ranks,
                                        .y = {.label = "% of all occurrences"},
                                        .series = &covered,
                                        .series_count = 1}};
    struct az_figure figure = {.panels = panels, .panel_count = 2};
    AZ_TRY(az_figure_draw(&figure, path, error));
out:
    az_memory_free(zipf.counts);
    az_memory_free(zipf.rank);
    az_memory_free(zipf.count);
    az_memory_free(zipf.covered);
    return status;
}
