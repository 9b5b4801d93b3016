#include "azimuth/report.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "store/file.h"
#include "view/report_style.h"

#define PICTURE_BYTES ((size_t)64 << 20)

struct az_report {
    struct az_buffer head, contents, body;
    size_t sections;
    enum az_status status;
    struct az_error error;
};

/* ---- writing ---- */

static void add_bytes(struct az_report *report, struct az_buffer *to, const char *bytes,
                      size_t length)
{
    if (report->status == AZ_OK) report->status = az_buffer_add(to, bytes, length, &report->error);
}

static void add(struct az_report *report, struct az_buffer *to, const char *html)
{
    add_bytes(report, to, html, strlen(html));
}

static void body(struct az_report *report, const char *html) { add(report, &report->body, html); }

static void AZ_PRINTF(2, 3) body_print(struct az_report *report, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    if (report->status == AZ_OK)
        report->status = az_buffer_print(&report->body, &report->error, format, arguments);
    va_end(arguments);
}

/* Text as text: what means something in HTML is escaped, control characters are shown as such. */
static void add_text(struct az_report *report, struct az_buffer *to, const char *text)
{
    if (!text) return;
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        switch (c) {
        case '<': add(report, to, "&lt;"); break;
        case '>': add(report, to, "&gt;"); break;
        case '&': add(report, to, "&amp;"); break;
        case '"': add(report, to, "&quot;"); break;
        default:
            if ((c < ' ' && c != '\n') || c == 0x7f)
                add(report, to, "\xef\xbf\xbd");
            else
                add_bytes(report, to, text, 1);
        }
    }
}

static void body_text(struct az_report *report, const char *text)
{
    add_text(report, &report->body, text);
}

static void body_element(struct az_report *report, const char *element, const char *text)
{
    body_print(report, "<%s>", element);
    body_text(report, text);
    body_print(report, "</%s>\n", element);
}

/* ---- parts ---- */

enum az_status az_report_create(struct az_report **report, const char *title, const char *question,
                                const char *facts, struct az_error *error)
{
    enum az_status status = az_memory_allocate(report, 1, sizeof **report, "the report", error);
    if (status != AZ_OK) return status;
    struct az_report *r = *report;
    az_error_clear(&r->error);
    add(r, &r->head,
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
        "<title>");
    add_text(r, &r->head, title);
    add(r, &r->head,
        "</title>\n<style>\n" AZ_REPORT_STYLE "</style>\n</head>\n<body>\n<header>\n<h1>");
    add_text(r, &r->head, title);
    add(r, &r->head, "</h1>\n");
    if (question && *question) {
        add(r, &r->head, "<p class=\"question\">");
        add_text(r, &r->head, question);
        add(r, &r->head, "</p>\n");
    }
    if (facts && *facts) {
        add(r, &r->head, "<p class=\"facts\">");
        add_text(r, &r->head, facts);
        add(r, &r->head, "</p>\n");
    }
    add(r, &r->head, "</header>\n");
    return AZ_OK;
}

void az_report_free(struct az_report *report)
{
    if (!report) return;
    az_buffer_free(&report->head);
    az_buffer_free(&report->contents);
    az_buffer_free(&report->body);
    az_memory_free(report);
}

void az_report_section(struct az_report *report, const char *heading)
{
    char link[64];
    if (report->sections) body(report, "</section>\n");
    report->sections++;
    snprintf(link, sizeof link, "<a href=\"#part%zu\">", report->sections);
    add(report, &report->contents, link);
    add_text(report, &report->contents, heading);
    add(report, &report->contents, "</a>\n");
    body_print(report, "<section id=\"part%zu\">\n", report->sections);
    body_element(report, "h2", heading);
}

void az_report_text(struct az_report *report, const char *text) { body_element(report, "p", text); }

void az_report_command(struct az_report *report, const char *text)
{
    body_element(report, "pre", text);
}

void az_report_verdict(struct az_report *report, bool good, const char *sentence,
                       const char *detail)
{
    body_print(report, "<div class=\"verdict %s\"><b>%s</b><div>", good ? "good" : "bad",
               good ? "&#10003;" : "&#10007;");
    body_element(report, "strong", sentence);
    if (detail && *detail) body_element(report, "p", detail);
    body(report, "</div></div>\n");
}

/* A label with its definition: a tooltip where there is a pointer, a fold where there is not. */
static void define(struct az_report *report, const char *label, const char *definition)
{
    if (!definition) {
        body_text(report, label);
        return;
    }
    body(report, "<details class=\"term\"><summary title=\"");
    body_text(report, definition);
    body(report, "\">");
    body_text(report, label);
    body(report, "</summary><span>");
    body_text(report, definition);
    body(report, "</span></details>");
}

void az_report_numbers(struct az_report *report, const struct az_report_number *numbers,
                       size_t count)
{
    body(report, "<div class=\"numbers\">\n");
    for (size_t n = 0; n < count; n++) {
        body(report, "<div class=\"number\"><div class=\"label\">");
        define(report, numbers[n].label, numbers[n].definition);
        body(report, "</div><div class=\"value\">");
        body_text(report, numbers[n].value);
        body(report, "</div><div class=\"note\">");
        body_text(report, numbers[n].note);
        body(report, "</div></div>\n");
    }
    body(report, "</div>\n");
}

static void add_base64(struct az_report *report, const unsigned char *bytes, size_t length)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < length && report->status == AZ_OK; i += 3) {
        size_t left = length - i < 3 ? length - i : 3;
        uint32_t word = (uint32_t)bytes[i] << 16 | (left > 1 ? (uint32_t)bytes[i + 1] << 8 : 0) |
                        (left > 2 ? (uint32_t)bytes[i + 2] : 0);
        char four[4] = {digits[word >> 18], digits[word >> 12 & 63], digits[word >> 6 & 63],
                        digits[word & 63]};
        if (left < 3) four[3] = '=';
        if (left < 2) four[2] = '=';
        add_bytes(report, &report->body, four, 4);
    }
}

void az_report_figure(struct az_report *report, const char *path, const char *caption)
{
    char *bytes = NULL;
    size_t length;
    if (report->status != AZ_OK) return;
    report->status = az_file_read(path, PICTURE_BYTES, &bytes, &length, &report->error);
    if (report->status != AZ_OK) return;
    size_t name = strlen(path);
    bool svg = name > 4 && strcmp(path + name - 4, ".svg") == 0;
    body(report, "<figure><div class=\"wide\"><img alt=\"");
    body_text(report, caption);
    body_print(report, "\" src=\"data:image/%s;base64,", svg ? "svg+xml" : "png");
    add_base64(report, (const unsigned char *)bytes, length);
    body(report, "\"></div><figcaption>");
    body_text(report, caption);
    body(report, "</figcaption></figure>\n");
    az_memory_free(bytes);
}

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

/* A column of numbers, or of "-" where one is not known, stands right. */
static bool has_numbers(const struct az_report_table *table, size_t column)
{
    bool any = false;
    for (size_t r = 0; r < table->rows; r++) {
        const char *cell = table->cells[r * table->columns + column];
        bool sign = cell && (cell[0] == '-' || cell[0] == '+');
        bool number = cell && is_digit(cell[sign]);
        if (!number && !(cell && strcmp(cell, "-") == 0)) return false;
        any = any || number;
    }
    return any;
}

static void table_rows(struct az_report *report, const struct az_report_table *table)
{
    body(report, "<div class=\"wide\"><table>\n<thead><tr>");
    for (size_t c = 0; c < table->columns; c++) {
        body(report, has_numbers(table, c) ? "<th class=\"n\">" : "<th>");
        define(report, table->heads[c], table->definitions ? table->definitions[c] : NULL);
        body(report, "</th>");
    }
    body(report, "</tr></thead>\n<tbody>\n");
    for (size_t r = 0; r < table->rows; r++) {
        body(report, "<tr>");
        for (size_t c = 0; c < table->columns; c++) {
            const char *cell = table->cells[r * table->columns + c];
            body(report, has_numbers(table, c) ? "<td class=\"n\">" : "<td>");
            body_text(report, cell);
            body(report, "</td>");
        }
        body(report, "</tr>\n");
    }
    body(report, "</tbody>\n</table></div>\n");
}

void az_report_table(struct az_report *report, const struct az_report_table *table)
{
    if (table->folded) {
        body(report, "<details class=\"fold\">");
        body_element(report, "summary", table->caption);
    } else if (table->caption) {
        body(report, "<p class=\"caption\">");
        body_text(report, table->caption);
        body(report, "</p>\n");
    }
    table_rows(report, table);
    if (table->folded) body(report, "</details>\n");
}

enum az_status az_report_write(struct az_report *report, const char *path, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_buffer page = {0};
    if (report->sections) body(report, "</section>\n");
    if (report->status != AZ_OK) {
        if (error) *error = report->error;
        return report->status;
    }
    AZ_TRY(az_buffer_add(&page, report->head.bytes, report->head.length, error));
    static const char nav[] = "<nav>\n", main[] = "</nav>\n<main>\n";
    static const char end[] = "</main>\n</body>\n</html>\n";
    AZ_TRY(az_buffer_add(&page, nav, sizeof nav - 1, error));
    AZ_TRY(az_buffer_add(&page, report->contents.bytes, report->contents.length, error));
    AZ_TRY(az_buffer_add(&page, main, sizeof main - 1, error));
    AZ_TRY(az_buffer_add(&page, report->body.bytes, report->body.length, error));
    AZ_TRY(az_buffer_add(&page, end, sizeof end - 1, error));
    AZ_TRY(az_file_write(path, page.bytes, page.length, error));
out:
    az_buffer_free(&page);
    return status;
}
