#include <string.h>

#include "store/catalog.h"

#define INTEGER(name, help)                                                                        \
    {                                                                                              \
        name, AZ_CATALOG_INTEGER, false, false, help                                               \
    }
#define INTEGER_OR_NULL(name, help)                                                                \
    {                                                                                              \
        name, AZ_CATALOG_INTEGER, true, false, help                                                \
    }
#define INTEGER_INDEXED(name, help)                                                                \
    {                                                                                              \
        name, AZ_CATALOG_INTEGER, false, true, help                                                \
    }
#define TEXT(name, help)                                                                           \
    {                                                                                              \
        name, AZ_CATALOG_TEXT, false, false, help                                                  \
    }
#define TEXT_INDEXED(name, help)                                                                   \
    {                                                                                              \
        name, AZ_CATALOG_TEXT, false, true, help                                                   \
    }
#define TEXT_OR_NULL(name, help)                                                                   \
    {                                                                                              \
        name, AZ_CATALOG_TEXT, true, false, help                                                   \
    }
#define TEXT_OR_NULL_INDEXED(name, help)                                                           \
    {                                                                                              \
        name, AZ_CATALOG_TEXT, true, true, help                                                    \
    }
#define BLOB_OR_NULL_INDEXED(name, help)                                                           \
    {                                                                                              \
        name, AZ_CATALOG_BLOB, true, true, help                                                    \
    }
#define END                                                                                        \
    {                                                                                              \
        NULL, AZ_CATALOG_INTEGER, false, false, NULL                                               \
    }

static const struct az_catalog_column provenance[] = {
    TEXT("result", "name of the table"),
    TEXT("command", "command that wrote it"),
    TEXT("version", "version and revision of azimuth"),
    TEXT("parameters", "its options as a JSON object of texts"),
    INTEGER("rows", "rows it wrote"),
    END,
};

static const struct az_catalog_column inputs[] = {
    TEXT("result", "name of the table that was made from it"),
    INTEGER("number", "place in the order of reading, from 0"),
    TEXT("role", "what it was read as: tokenizer, matrix, corpus"),
    TEXT("path", "as it was given"),
    TEXT_INDEXED("hash", "XXH3-128 of the file's bytes, as xxhsum -H128 prints it"),
    END,
};

static const struct az_catalog_column tokens[] = {
    INTEGER("id", "row of the matrix"),
    BLOB_OR_NULL_INDEXED("bytes", "what decoding gives; NULL for an orphan"),
    TEXT_OR_NULL_INDEXED("text", "the same for people: valid UTF-8, everything that does not print "
                                 "escaped; NULL for an orphan"),
    TEXT_INDEXED("script", "Unicode script of most of its characters; Mixed, or Common where none "
                           "has a script of its own"),
    TEXT_INDEXED("class", "letters, number, punctuation, symbol, control, whitespace, empty, "
                          "invalid, special or orphan"),
    INTEGER_OR_NULL("length_bytes", "bytes; NULL for an orphan"),
    INTEGER_OR_NULL("characters", "characters; NULL for an orphan and for invalid UTF-8"),
    TEXT_OR_NULL_INDEXED("reachability",
                         "orphan, special, ok, invalid_utf8, continuation, normalised, split or "
                         "merge; NULL where it was not asked for"),
    TEXT_OR_NULL("encoding", "ids that its bytes encode to, separated by blanks; NULL where they "
                             "cannot be encoded"),
    TEXT_OR_NULL("within", "a text that gives an invalid_utf8 or continuation token, as text is "
                           "written here; NULL where none was found"),
    END,
};

static const struct az_catalog_column usage[] = {
    INTEGER("id", "row of the matrix"),
    INTEGER_INDEXED("count", "times the texts use it; 0 is dead"),
    END,
};

const struct az_catalog_table az_catalog_tables[] = {
    {"provenance", "result", "where each table comes from", provenance},
    {"inputs", "result, number", "the files each table was made from", inputs},
    {"tokens", "id", "a row for each row of the matrix", tokens},
    {"usage", "id", "how often texts use each token", usage},
};
const size_t az_catalog_table_count = sizeof az_catalog_tables / sizeof az_catalog_tables[0];

const struct az_catalog_table *az_catalog_table_named(const char *name)
{
    for (size_t n = 0; n < az_catalog_table_count; n++)
        if (strcmp(az_catalog_tables[n].name, name) == 0) return &az_catalog_tables[n];
    return NULL;
}

const char *az_catalog_type_name(enum az_catalog_type type)
{
    static const char *const names[] = {"INTEGER", "REAL", "TEXT", "BLOB"};
    return names[type];
}
