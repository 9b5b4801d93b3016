/* The CSV file and the catalog's tables of `azimuth tokenizer usage`. */
#include "cli/usage_report.h"
#include "store/csv.h"

#define TEXT_BYTES 1024

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

/* ---- catalog ---- */

static enum az_status put_counts(const struct az_usage *usage, struct az_catalog *catalog,
                                 struct az_error *error)
{
    enum az_status status = AZ_OK;
    for (size_t id = 0; id < usage->rows; id++) {
        az_catalog_integer(catalog, (int64_t)id);
        az_catalog_integer(catalog, (int64_t)usage->counts[id]);
        AZ_TRY(az_catalog_row(catalog, error));
    }
out:
    return status;
}

static enum az_status put_line(const struct az_usage_report *report, size_t number,
                               struct az_catalog *catalog, struct az_error *error)
{
    const struct az_usage_line *line = &report->lines[number];
    const struct az_usage_share *share = &line->share;
    az_catalog_integer(catalog, (int64_t)number);
    az_catalog_text(catalog, line->name);
    az_catalog_text(catalog, line->kind);
    az_catalog_integer(catalog, (int64_t)share->rows);
    az_catalog_integer(catalog, (int64_t)share->live);
    az_catalog_real(catalog, share->live_enrichment);
    az_catalog_real(catalog, share->live_low);
    az_catalog_real(catalog, share->live_high);
    az_catalog_real(catalog, share->log10_p);
    az_catalog_integer(catalog, (int64_t)share->tokens);
    az_catalog_real(catalog, share->token_enrichment);
    return az_catalog_row(catalog, error);
}

static enum az_status put_members(const struct az_usage_report *report, size_t set,
                                  struct az_catalog *catalog, struct az_error *error)
{
    enum az_status status = AZ_OK;
    size_t number = report->line_count - report->set_count + set;
    for (size_t id = 0; id < report->usage.rows; id++) {
        if (!report->sets[set].member[id]) continue;
        az_catalog_integer(catalog, (int64_t)number);
        az_catalog_integer(catalog, (int64_t)id);
        AZ_TRY(az_catalog_row(catalog, error));
    }
out:
    return status;
}

enum az_status az_usage_report_catalog(const struct az_usage_report *report, const char *path,
                                       const struct az_catalog_provenance *provenance,
                                       struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_catalog *catalog = NULL;
    AZ_TRY(az_catalog_open(&catalog, path, error));
    AZ_TRY(az_catalog_begin(catalog, "usage", error));
    AZ_TRY(put_counts(&report->usage, catalog, error));
    AZ_TRY(az_catalog_end(catalog, provenance, error));
    AZ_TRY(az_catalog_begin(catalog, "usage_sets", error));
    for (size_t n = 0; n < report->line_count; n++) AZ_TRY(put_line(report, n, catalog, error));
    AZ_TRY(az_catalog_end(catalog, provenance, error));
    AZ_TRY(az_catalog_begin(catalog, "usage_set_tokens", error));
    for (size_t n = 0; n < report->set_count; n++) AZ_TRY(put_members(report, n, catalog, error));
    AZ_TRY(az_catalog_end(catalog, provenance, error));
    status = az_catalog_commit(catalog, error);
    catalog = NULL;
out:
    az_catalog_abort(catalog);
    return status;
}
