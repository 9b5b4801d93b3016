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
#define INTEGER_OR_NULL_INDEXED(name, help)                                                        \
    {                                                                                              \
        name, AZ_CATALOG_INTEGER, true, true, help                                                 \
    }
#define REAL(name, help)                                                                           \
    {                                                                                              \
        name, AZ_CATALOG_REAL, false, false, help                                                  \
    }
#define REAL_OR_NULL(name, help)                                                                   \
    {                                                                                              \
        name, AZ_CATALOG_REAL, true, false, help                                                   \
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

static const struct az_catalog_column usage_sets[] = {
    INTEGER("number", "place in the table that is printed, from 0"),
    TEXT_INDEXED("name", "of the script, class or file; all for all rows"),
    TEXT("kind", "all, class, script or set: a set that was given"),
    INTEGER("rows", "rows of the set"),
    INTEGER("live", "rows that the texts use"),
    REAL_OR_NULL("live_enrichment", "share of the set that is live over the share of all rows; "
                                    "NULL where no row is live or the set is empty"),
    REAL_OR_NULL("live_enrichment_low", "lower end of its exact 95 % interval"),
    REAL_OR_NULL("live_enrichment_high", "upper end"),
    REAL("log10_p", "log10 of the p of Fisher's exact test of the live rows, two-sided"),
    INTEGER("occurrences", "times the texts use its tokens"),
    REAL_OR_NULL("occurrence_enrichment",
                 "its share of all occurrences over its share of all rows; NULL for an empty set"),
    END,
};

static const struct az_catalog_column usage_set_tokens[] = {
    INTEGER("number", "of the set, as in usage_sets; of kind set"),
    INTEGER_INDEXED("id", "a row that is in it"),
    END,
};

/* ---- the census of a matrix ---- */

static const struct az_catalog_column census_rows[] = {
    INTEGER("token", "token of the row"),
    REAL_OR_NULL("norm_w", "L2 norm in weight units; NULL for a row with NaN"),
    INTEGER_OR_NULL_INDEXED("vector", "number of its unique vector; NULL for a row with NaN"),
    INTEGER("population", "rows that are equal to it, itself among them"),
    INTEGER_OR_NULL_INDEXED("exponent_distance_exps",
                            "greatest difference of exponents from the centre; NULL without one"),
    INTEGER_OR_NULL("sign_mismatches", "components whose sign differs from the centre's"),
    INTEGER_OR_NULL("linf_steps", "Linf from the centre in steps"),
    REAL_OR_NULL("radius_w", "L2 from the centre in weight units"),
    INTEGER("flags", "sum of 1 NaN, 2 infinity, 4 negative zero, 8 all zero"),
    END,
};

static const struct az_catalog_column black_holes[] = {
    INTEGER("vector", "number of the unique vector, from 0 by population"),
    INTEGER_INDEXED("population", "tokens"),
    INTEGER("first_token", "lowest token"),
    REAL_OR_NULL("radius_w", "L2 from the centre in weight units"),
    END,
};

static const struct az_catalog_column vectors[] = {
    INTEGER("vector", "number of the unique vector"),
    INTEGER("first_token", "lowest token"),
    INTEGER("population", "tokens"),
    INTEGER_INDEXED("component", "component of the graph at the reach, from 0 by size"),
    INTEGER("degree", "vectors it touches"),
    REAL_OR_NULL("betweenness", "shortest paths through it"),
    REAL_OR_NULL("nearest_w", "L2 to the nearest other vector of the scope"),
    REAL_OR_NULL("radius_w", "L2 from the centre in weight units"),
    END,
};

static const struct az_catalog_column edges[] = {
    INTEGER("vector_a", "the lower number"),
    INTEGER_INDEXED("vector_b", "the higher number"),
    INTEGER("linf_steps", "greatest difference"),
    INTEGER("l1_steps", "sum of the differences: 1 face, 2 edge, 3 corner"),
    INTEGER("l0_dims", "components that differ"),
    END,
};

static const struct az_catalog_column components[] = {
    INTEGER("component", "number, from 0 by vectors, then tokens"),
    INTEGER("vectors", "vectors"),
    INTEGER("tokens", "tokens"),
    INTEGER("black_holes", "vectors of population 2 and more"),
    INTEGER("edges", "pairs that touch"),
    REAL_OR_NULL("density", "edges over pairs; NULL for one vector"),
    REAL_OR_NULL("clustering", "mean share of a vector's neighbours that touch one another"),
    END,
};

static const struct az_catalog_column selections[] = {
    TEXT("name", "name"),
    TEXT("rule", "metric, threshold and centre"),
    INTEGER("tokens", "tokens"),
    INTEGER("vectors", "unique vectors"),
    INTEGER("black_holes", "of them with population 2 and more"),
    INTEGER("singletons", "of them with population 1"),
    INTEGER("excess", "tokens less vectors"),
    END,
};

static const struct az_catalog_column selection_tokens[] = {
    TEXT("selection", "name of the selection"),
    INTEGER_INDEXED("token", "a token that is in it"),
    END,
};

static const struct az_catalog_column suspects[] = {
    INTEGER("token", "token"),
    INTEGER_INDEXED("place", "in the ranking, from 1"),
    REAL_OR_NULL("score", "mean rank by the four distances, each from 0 to 1"),
    REAL_OR_NULL("distance_w", "L2 to the mean of the reference rows"),
    REAL_OR_NULL("cosine_distance", "1 - cosine to it"),
    REAL_OR_NULL("cosine_distance_centered", "the same with the mean row taken from both"),
    REAL_OR_NULL("cosine_distance_without_first", "the same without the first component"),
    REAL_OR_NULL("norm_w", "L2 norm"),
    END,
};

/* ---- a sweep ---- */

static const struct az_catalog_column sweep_runs[] = {
    INTEGER("run", "number, from 0 in the order of the sweep"),
    TEXT("name", "of the run, and of its directory"),
    TEXT("state", "done, done before, failed or waiting; what follows is NULL for the last two"),
    INTEGER_OR_NULL("steps", "steps"),
    REAL_OR_NULL("last_loss", "loss of the last step"),
    INTEGER_OR_NULL("dead_tokens", "dead tokens"),
    INTEGER_OR_NULL("frozen_tokens", "of them those without motion in the last guard_steps"),
    REAL_OR_NULL("frozen_share", "frozen_tokens over dead_tokens"),
    INTEGER_OR_NULL("guard_steps", "max(100, steps / 10)"),
    INTEGER_OR_NULL("first_freeze_step", "of the frozen tokens; NULL where none froze"),
    INTEGER_OR_NULL("median_freeze_step", "of the frozen tokens; NULL where none froze"),
    INTEGER_OR_NULL("last_freeze_step", "of the frozen tokens; NULL where none froze"),
    REAL_OR_NULL("steps_per_second", "steps a second"),
    TEXT_OR_NULL("fingerprint", "of the recording"),
    END,
};

static const struct az_catalog_column sweep_values[] = {
    INTEGER("run", "number of the run"),
    TEXT("parameter", "a parameter that varies, section.key"),
    TEXT_INDEXED("value", "its value, as the sweep file has it"),
    END,
};

const struct az_catalog_table az_catalog_tables[] = {
    {"provenance", "result", "where each table comes from", provenance},
    {"inputs", "result, number", "the files each table was made from", inputs},
    {"tokens", "id", "a row for each row of the matrix", tokens},
    {"usage", "id", "how often texts use each token", usage},
    {"usage_sets", "number", "what scripts, classes and given sets have of the texts", usage_sets},
    {"usage_set_tokens", "number, id", "the rows of the sets that were given", usage_set_tokens},
    {"census_rows", "token", "what the census measured of each row", census_rows},
    {"black_holes", "vector", "vectors that two rows or more are equal to", black_holes},
    {"vectors", "vector", "the unique vectors that were compared with one another", vectors},
    {"edges", "vector_a, vector_b", "pairs of them that touch on the lattice", edges},
    {"components", "component", "connected parts of that graph", components},
    {"selections", "name", "named sets of tokens with their rules", selections},
    {"selection_tokens", "selection, token", "their tokens", selection_tokens},
    {"suspects", "token", "the tokens that look most untrained", suspects},
    {"sweep_runs", "run", "a row for each run of a sweep", sweep_runs},
    {"sweep_values", "run, parameter", "where each run stands on the axes", sweep_values},
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
