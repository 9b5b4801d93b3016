#include "store/json.h"

#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "config/number.h"
#include "store/file.h"

void az_json_init(struct az_json *json, bool pretty)
{
    *json = (struct az_json){.pretty = pretty, .empty = true};
}

void az_json_free(struct az_json *json)
{
    az_buffer_free(&json->text);
    *json = (struct az_json){.empty = true};
}

static void append(struct az_json *json, const char *text, size_t length_bytes)
{
    if (json->status == AZ_OK) json->status = az_buffer_add(&json->text, text, length_bytes, NULL);
}

static void append_string(struct az_json *json, const char *text)
{
    append(json, text, strlen(text));
}

static void append_character(struct az_json *json, unsigned char c)
{
    char escape[8];
    if (c == '"' || c == '\\')
        snprintf(escape, sizeof escape, "\\%c", c);
    else if (c == '\n')
        snprintf(escape, sizeof escape, "\\n");
    else if (c < 0x20 || c == 0x7f)
        snprintf(escape, sizeof escape, "\\u%04x", c);
    else
        snprintf(escape, sizeof escape, "%c", c);
    append_string(json, escape);
}

static void append_quoted(struct az_json *json, const char *text)
{
    append_string(json, "\"");
    for (; *text; text++) append_character(json, (unsigned char)*text);
    append_string(json, "\"");
}

static void new_line(struct az_json *json)
{
    if (!json->pretty) return;
    append_string(json, "\n");
    for (int n = 0; n < json->depth; n++) append_string(json, "  ");
}

/* What comes before a value: the comma after the last one, the line, the key. */
static void begin_value(struct az_json *json, const char *key)
{
    if (!json->empty) append_string(json, ",");
    if (json->depth > 0) new_line(json);
    json->empty = false;
    if (!key) return;
    append_quoted(json, key);
    append_string(json, json->pretty ? ": " : ":");
}

void az_json_open(struct az_json *json, const char *key, char bracket)
{
    begin_value(json, key);
    append(json, &bracket, 1);
    json->depth++;
    json->empty = true;
}

void az_json_close(struct az_json *json, char bracket)
{
    json->depth--;
    if (!json->empty) new_line(json);
    append(json, &bracket, 1);
    json->empty = false;
}

void az_json_text(struct az_json *json, const char *key, const char *value)
{
    begin_value(json, key);
    append_quoted(json, value);
}

void az_json_literal(struct az_json *json, const char *key, const char *value)
{
    begin_value(json, key);
    append_string(json, value);
}

void az_json_integer(struct az_json *json, const char *key, int64_t value)
{
    char text[AZ_NUMBER_TEXT_BYTES];
    snprintf(text, sizeof text, "%" PRId64, value);
    az_json_literal(json, key, text);
}

void az_json_unsigned(struct az_json *json, const char *key, uint64_t value)
{
    char text[AZ_NUMBER_TEXT_BYTES];
    snprintf(text, sizeof text, "%" PRIu64, value);
    az_json_literal(json, key, text);
}

void az_json_real(struct az_json *json, const char *key, double value)
{
    char text[AZ_NUMBER_TEXT_BYTES] = "null";
    if (isfinite(value)) az_number_format(value, text);
    az_json_literal(json, key, text);
}

void az_json_boolean(struct az_json *json, const char *key, bool value)
{
    az_json_literal(json, key, value ? "true" : "false");
}

enum az_status az_json_take(struct az_json *json, char **text, size_t *length_bytes,
                            struct az_error *error)
{
    *text = NULL;
    *length_bytes = 0;
    if (json->pretty) append_string(json, "\n");
    if (json->status == AZ_OK) json->status = az_buffer_take(&json->text, text, length_bytes, NULL);
    if (json->status == AZ_OK) return AZ_OK;
    return az_error_raise(error, json->status, "cannot allocate the JSON text after %zu bytes",
                          json->text.length);
}

enum az_status az_json_parse(const char *name, const char *text, size_t length_bytes,
                             struct json_t **root, struct az_error *error)
{
    json_error_t what;
    *root = json_loadb(text, length_bytes, JSON_REJECT_DUPLICATES, &what);
    if (*root) return AZ_OK;
    bool memory = json_error_code(&what) == json_error_out_of_memory;
    enum az_status status =
        az_error_raise(error, memory ? AZ_MEMORY : AZ_FORMAT, "not valid JSON: %s", what.text);
    az_error_at(error, name, what.line, what.position, -1);
    return status;
}

enum az_status az_json_read(const char *path, size_t limit_bytes, struct json_t **root,
                            struct az_error *error)
{
    char *text = NULL;
    size_t length_bytes;
    *root = NULL;
    enum az_status status = az_file_read(path, limit_bytes, &text, &length_bytes, error);
    if (status == AZ_OK) status = az_json_parse(path, text, length_bytes, root, error);
    az_memory_free(text);
    return status;
}
