#include "cli/usage_report.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/unit.h"
#include "cli/print_json.h"

#define NAME_COLUMNS_LEAST 22
#define NAME_COLUMNS_MOST 48

/* ---- the lines ---- */

struct counts {
    size_t rows, live;
    uint64_t tokens;
};

static void count_groups(const struct az_usage_report *report,
                         struct counts counts[AZ_TOKEN_GROUP_LIMIT])
{
    for (size_t id = 0; id < report->usage.rows; id++) {
        struct counts *group = &counts[az_token_group(&report->tokens.row[id])];
        group->rows++;
        group->live += report->usage.counts[id] > 0;
        group->tokens += report->usage.counts[id];
    }
}

static void add_line(struct az_usage_report *report, const char *name, const char *kind,
                     struct az_usage_share share)
{
    report->lines[report->line_count++] = (struct az_usage_line){name, kind, share};
}

/* Among the groups, which stand after the first line, by rows. */
static void place_last_line(struct az_usage_report *report)
{
    struct az_usage_line line = report->lines[report->line_count - 1];
    size_t at = report->line_count - 1;
    for (; at > 1 && report->lines[at - 1].share.rows < line.share.rows; at--)
        report->lines[at] = report->lines[at - 1];
    report->lines[at] = line;
}

enum az_status az_usage_report_make(struct az_usage_report *report, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct counts counts[AZ_TOKEN_GROUP_LIMIT] = {0};
    const struct az_usage *usage = &report->usage;
    size_t groups = az_token_group_count();
    AZ_TRY(az_memory_allocate(&report->lines, 1 + groups + report->set_count, sizeof *report->lines,
                              "a table", error));
    count_groups(report, counts);
    add_line(report, "all", "all",
             az_usage_share_of(usage, usage->rows, usage->live, usage->tokens));
    for (unsigned n = 0; n < groups; n++) {
        if (!counts[n].rows) continue;
        add_line(report, az_token_group_name(n), n < AZ_TOKEN_CLASS_COUNT ? "class" : "script",
                 az_usage_share_of(usage, counts[n].rows, counts[n].live, counts[n].tokens));
        place_last_line(report);
    }
    for (size_t n = 0; n < report->set_count; n++)
        add_line(report, report->sets[n].name, "set", az_usage_of(usage, report->sets[n].member));
out:
    return status;
}

void az_usage_report_free(struct az_usage_report *report)
{
    for (size_t n = 0; report->sets && n < report->set_count; n++)
        az_memory_free(report->sets[n].member);
    az_memory_free(report->sets);
    az_memory_free(report->lines);
    az_tokens_free(&report->tokens);
    az_usage_free(&report->usage);
}

/* ---- for people ---- */

static void print_ratio(double value)
{
    if (isnan(value))
        printf(" %9s", "-");
    else
        printf(" %9.3f", value);
}

/* 0.02, 3.1e-05, 1.2e-1234: also where a double has no such number. */
static void print_p(double log10_p)
{
    double whole = floor(log10_p), digits = pow(10, log10_p - whole);
    bool carry = digits >= 9.95;
    char text[32];
    if (log10_p > -300)
        snprintf(text, sizeof text, "%.2g", pow(10, log10_p));
    else
        snprintf(text, sizeof text, "%.1fe%.0f", carry ? 1.0 : digits, whole + carry);
    printf(" %9s", text);
}

static void print_line(const struct az_usage *usage, int width, const struct az_usage_line *line)
{
    const struct az_usage_share *share = &line->share;
    char rows[AZ_UNIT_TEXT_BYTES], live[AZ_UNIT_TEXT_BYTES], tokens[AZ_UNIT_TEXT_BYTES];
    az_unit_count(share->rows, rows);
    az_unit_count(share->live, live);
    az_unit_count(share->tokens, tokens);
    printf("%-*s %9s %9s %6.2f %%", width, line->name, rows, live,
           share->rows ? 100 * share->live_share : 0.0);
    print_ratio(share->live_enrichment);
    print_p(share->log10_p);
    printf(" %13s %6.2f %%", tokens,
           usage->tokens ? 100.0 * (double)share->tokens / (double)usage->tokens : 0.0);
    print_ratio(share->token_enrichment);
    printf("\n");
}

/* Groups without a live row are one line, before the sets. */
static void print_lines(const struct az_usage_report *report, int width)
{
    size_t dead = 0, dead_rows = 0, groups = report->line_count - report->set_count;
    for (size_t n = 0; n < groups; n++) {
        const struct az_usage_line *line = &report->lines[n];
        bool shown = n == 0 || line->share.live;
        if (shown) print_line(&report->usage, width, line);
        dead += !shown;
        dead_rows += shown ? 0 : line->share.rows;
    }
    char name[32];
    snprintf(name, sizeof name, "%zu others", dead);
    struct az_usage_line others = {name, "", az_usage_share_of(&report->usage, dead_rows, 0, 0)};
    if (dead) print_line(&report->usage, width, &others);
    for (size_t n = groups; n < report->line_count; n++)
        print_line(&report->usage, width, &report->lines[n]);
}

void az_usage_report_print(const struct az_usage_report *report)
{
    const struct az_usage *usage = &report->usage;
    char tokens[AZ_UNIT_TEXT_BYTES], bytes[AZ_UNIT_TEXT_BYTES];
    size_t width = NAME_COLUMNS_LEAST;
    for (size_t n = 0; n < report->line_count; n++)
        if (strlen(report->lines[n].name) > width) width = strlen(report->lines[n].name);
    if (width > NAME_COLUMNS_MOST) width = NAME_COLUMNS_MOST;
    az_unit_count(usage->tokens, tokens);
    az_unit_count(usage->bytes, bytes);
    printf("%s tokens of %s bytes, %.3f bytes a token\n\n", tokens, bytes,
           (double)usage->bytes / (double)usage->tokens);
    printf("%-*s %9s %9s %8s %9s %9s %13s %8s %9s\n", (int)width, "set", "rows", "live", "share",
           "enriched", "p", "occurrences", "share", "enriched");
    print_lines(report, (int)width);
}

/* ---- JSON ---- */

static void put_line(struct az_json *json, const struct az_usage_line *line)
{
    const struct az_usage_share *share = &line->share;
    az_json_open(json, NULL, '{');
    az_json_text(json, "name", line->name);
    az_json_text(json, "kind", line->kind);
    az_json_unsigned(json, "rows", share->rows);
    az_json_unsigned(json, "live", share->live);
    az_json_unsigned(json, "dead", share->rows - share->live);
    az_json_real(json, "live_enrichment", share->live_enrichment);
    az_json_real(json, "live_enrichment_low", share->live_low);
    az_json_real(json, "live_enrichment_high", share->live_high);
    az_json_real(json, "log10_p", share->log10_p);
    az_json_unsigned(json, "occurrences", share->tokens);
    az_json_real(json, "occurrence_enrichment", share->token_enrichment);
    az_json_close(json, '}');
}

enum az_status az_usage_report_json(const struct az_usage_report *report, struct az_error *error)
{
    struct az_json json;
    az_json_init(&json, true);
    az_json_open(&json, NULL, '{');
    az_json_unsigned(&json, "tokens", report->usage.tokens);
    az_json_unsigned(&json, "bytes", report->usage.bytes);
    az_json_open(&json, "sets", '[');
    for (size_t n = 0; n < report->line_count; n++) put_line(&json, &report->lines[n]);
    az_json_close(&json, ']');
    az_json_close(&json, '}');
    return az_print_json(&json, error);
}
