#include "cli/tokens_report.h"
#include "cli/print_json.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"
#include "base/unit.h"
#include "store/json.h"

struct report {
    struct az_token_group_counts counts[AZ_TOKEN_GROUP_LIMIT];
    unsigned order[AZ_TOKEN_GROUP_LIMIT]; /* groups that have rows, the largest first */
    size_t count;
    size_t reach[AZ_REACH_COUNT], split_at_mark, invalid_within;
};

static void make_report(struct report *report, const struct az_tokens *tokens)
{
    az_tokens_count(tokens, report->counts);
    for (unsigned group = 0; group < az_token_group_count(); group++) {
        size_t rows = report->counts[group].rows, at = report->count;
        if (!rows) continue;
        for (; at > 0 && report->counts[report->order[at - 1]].rows < rows; at--)
            report->order[at] = report->order[at - 1];
        report->order[at] = group;
        report->count++;
        for (int reach = 0; reach < AZ_REACH_COUNT; reach++)
            report->reach[reach] += report->counts[group].reach[reach];
    }
    for (size_t id = 0; id < tokens->rows; id++) {
        const struct az_token_row *row = &tokens->row[id];
        report->split_at_mark += row->cut_at_mark;
        report->invalid_within += row->reach == AZ_REACH_INVALID_UTF8 && row->within.found;
    }
}

/* ---- for people ---- */

static void print_head(const struct az_tokens *tokens, const char *path)
{
    struct az_tokenizer_info info = az_tokenizer_describe(tokens->tokenizer);
    char rows[AZ_UNIT_TEXT_BYTES], count[AZ_UNIT_TEXT_BYTES], orphans[AZ_UNIT_TEXT_BYTES];
    az_unit_count(tokens->rows, rows);
    az_unit_count(info.tokens, count);
    az_unit_count(tokens->rows - info.tokens, orphans);
    printf("%s: %s tokens; %s rows, %s of them orphans\n\n", path, count, rows, orphans);
}

static void print_count(int width, size_t count)
{
    char text[AZ_UNIT_TEXT_BYTES];
    az_unit_count(count, text);
    printf(" %*s", width, count ? text : "-");
}

static void print_groups(const struct report *report, size_t rows)
{
    printf("%-22s %9s %8s %11s %8s %9s %9s\n", "script or class", "rows", "share", "mean bytes",
           "longest", "first id", "last id");
    for (size_t n = 0; n < report->count; n++) {
        const struct az_token_group_counts *group = &report->counts[report->order[n]];
        printf("%-22s", az_token_group_name(report->order[n]));
        print_count(9, group->rows);
        printf(" %6.2f %% %11.2f %8" PRIu32, 100.0 * (double)group->rows / (double)rows,
               (double)group->bytes / (double)group->rows, group->longest_bytes);
        printf(" %9zu %9zu\n", group->first, group->last);
    }
}

static void print_part(const char *what, size_t part, size_t whole)
{
    char count[AZ_UNIT_TEXT_BYTES], all[AZ_UNIT_TEXT_BYTES];
    az_unit_count(part, count);
    az_unit_count(whole, all);
    if (whole) printf("%s %s of %s\n", what, count, all);
}

static void print_reaches(const struct report *report, size_t rows)
{
    static const char *const meanings[] = {
#define MEANING(id, name, meaning) meaning,
        AZ_REACH_TABLE(MEANING)
#undef MEANING
    };
    printf("%-14s %9s %8s   %s\n", "reachability", "rows", "share", "meaning");
    for (int reach = 0; reach < AZ_REACH_COUNT; reach++) {
        printf("%-14s", az_reach_name((enum az_reach)reach));
        print_count(9, report->reach[reach]);
        printf(" %6.2f %%   %s\n", 100.0 * (double)report->reach[reach] / (double)rows,
               meanings[reach]);
    }
    printf("\n");
    print_part("split, at a combining mark:", report->split_at_mark, report->reach[AZ_REACH_SPLIT]);
    print_part("invalid_utf8, given by a longer text:", report->invalid_within,
               report->reach[AZ_REACH_INVALID_UTF8]);
    if (report->reach[AZ_REACH_SPLIT] || report->reach[AZ_REACH_INVALID_UTF8]) printf("\n");
}

static void print_reached_groups(const struct report *report)
{
    static const enum az_reach columns[] = {AZ_REACH_OK,           AZ_REACH_INVALID_UTF8,
                                            AZ_REACH_CONTINUATION, AZ_REACH_NORMALISED,
                                            AZ_REACH_SPLIT,        AZ_REACH_MERGE};
    printf("%-22s %9s", "script or class", "rows");
    for (size_t c = 0; c < sizeof columns / sizeof columns[0]; c++)
        printf(" %12s", az_reach_name(columns[c]));
    printf("\n");
    for (size_t n = 0; n < report->count; n++) {
        const struct az_token_group_counts *group = &report->counts[report->order[n]];
        printf("%-22s", az_token_group_name(report->order[n]));
        print_count(9, group->rows);
        for (size_t c = 0; c < sizeof columns / sizeof columns[0]; c++)
            print_count(12, group->reach[columns[c]]);
        printf("\n");
    }
}

void az_tokens_report_print(const struct az_tokens *tokens, const char *path)
{
    struct report *report;
    if (az_memory_allocate(&report, 1, sizeof *report, "a report", NULL) != AZ_OK) return;
    make_report(report, tokens);
    print_head(tokens, path);
    if (tokens->reached) {
        print_reaches(report, tokens->rows);
        print_reached_groups(report);
    } else {
        print_groups(report, tokens->rows);
    }
    az_memory_free(report);
}

/* ---- JSON ---- */

static void put_reaches(struct az_json *json, const size_t reach[AZ_REACH_COUNT])
{
    az_json_open(json, "reachability", '{');
    for (int n = 0; n < AZ_REACH_COUNT; n++)
        az_json_unsigned(json, az_reach_name((enum az_reach)n), reach[n]);
    az_json_close(json, '}');
}

static void put_groups(struct az_json *json, const struct report *report, bool reached)
{
    az_json_open(json, "groups", '[');
    for (size_t n = 0; n < report->count; n++) {
        unsigned number = report->order[n];
        const struct az_token_group_counts *group = &report->counts[number];
        az_json_open(json, NULL, '{');
        az_json_text(json, "name", az_token_group_name(number));
        az_json_boolean(json, "is_script", number >= AZ_TOKEN_CLASS_COUNT);
        az_json_unsigned(json, "rows", group->rows);
        az_json_unsigned(json, "bytes", group->bytes);
        az_json_unsigned(json, "longest_bytes", group->longest_bytes);
        az_json_unsigned(json, "first_id", group->first);
        az_json_unsigned(json, "last_id", group->last);
        if (reached) put_reaches(json, group->reach);
        az_json_close(json, '}');
    }
    az_json_close(json, ']');
}

enum az_status az_tokens_report_json(const struct az_tokens *tokens, const char *path,
                                     struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct report *report = NULL;
    struct az_json json;
    az_json_init(&json, true);
    AZ_TRY(az_memory_allocate(&report, 1, sizeof *report, "a report", error));
    make_report(report, tokens);
    az_json_open(&json, NULL, '{');
    az_json_text(&json, "tokenizer", path);
    az_json_unsigned(&json, "rows", tokens->rows);
    az_json_unsigned(&json, "tokens", az_tokenizer_describe(tokens->tokenizer).tokens);
    if (tokens->reached) put_reaches(&json, report->reach);
    if (tokens->reached) az_json_unsigned(&json, "split_at_mark", report->split_at_mark);
    if (tokens->reached) az_json_unsigned(&json, "invalid_within", report->invalid_within);
    put_groups(&json, report, tokens->reached);
    az_json_close(&json, '}');
    status = az_print_json(&json, error);
out:
    az_json_free(&json);
    az_memory_free(report);
    return status;
}
