/* key.h: the keys of an experiment: one row each, and how a value is read, printed and checked.
 *
 * The table az_keys in parameters.c is the only place where a parameter is described. Parser, help,
 * docs/experiment.md and the manifest of a run are made from it. */
#ifndef AZ_CONFIG_KEY_H
#define AZ_CONFIG_KEY_H

#include <stdbool.h>
#include <stddef.h>

#include "azimuth/experiment.h"
#include "base/raise.h"

/* Types of values: enumerator, name for people, how it is written. */
#define AZ_KEY_TYPE_TABLE(X)                                                                       \
    X(AZ_KEY_TEXT, "text", "anything up to the end of the line")                                   \
    X(AZ_KEY_INTEGER, "integer", "decimal digits: 128")                                            \
    X(AZ_KEY_SEED, "seed", "a whole number from 0 to 18446744073709551615")                        \
    X(AZ_KEY_NUMBER, "number", "a decimal number: 0.001, 1e-3")                                    \
    X(AZ_KEY_SWITCH, "switch", "true or false")                                                    \
    X(AZ_KEY_CHOICE, "choice", "one of the names listed")                                          \
    X(AZ_KEY_CADENCE, "cadence",                                                                   \
      "off; or K: every K steps; or K until N then M: every K steps up to step N, then every M")   \
    X(AZ_KEY_BYTES, "bytes", "a number with a unit: 24GB, 1.5GB, 12GiB, 500MB, 4096B")

enum az_key_type {
#define AZ_KEY_TYPE_ENUMERATOR(id, name, form) id,
    AZ_KEY_TYPE_TABLE(AZ_KEY_TYPE_ENUMERATOR)
#undef AZ_KEY_TYPE_ENUMERATOR
        AZ_KEY_TYPE_COUNT
};

/* What a key of type choice may be; a choice's index is its enumerator's value. A key of type text
 * with choices holds the name itself. */
struct az_choice {
    const char *name, *meaning;
};

struct az_section {
    const char *name, *help;
};

struct az_key {
    const char *section, *name;
    enum az_key_type type;
    size_t offset;            /* of the value in struct az_experiment */
    const char *default_text; /* read by the same parser as a file's */
    const char *range;        /* numbers: an interval such as "[0, 1)" or "(0, inf)"; else NULL */
    const struct az_choice *choices; /* ended by a NULL name, or NULL */
    const char *unit;                /* "steps", or "" */
    const char *help;
};

#define AZ_KEY_TEXT_BYTES 1536 /* enough for any value, default or range as text */

extern const struct az_section az_sections[];
extern const size_t az_section_count;
extern const struct az_key az_keys[];
extern const size_t az_key_count;

/* NULL when there is none. */
const struct az_key *az_key_find(const char *section, const char *name);
const struct az_section *az_section_find(const char *name);

/* True for the parameters that a run may change when it goes on, since no frame that is there
 * depends on them: what it is called, its limits, its checkpoints, and the number of steps (which
 * decides bits of its own where a schedule is spread over it: lab/resume.c looks at that). */
bool az_key_may_change(const char *section, const char *name);

/* False for those of them that leave the last step where it is too: two whole runs that differ only
 * in these have the same recording. */
bool az_key_decides_bits(const char *section, const char *name);

const char *az_key_type_name(enum az_key_type type);
const char *az_key_type_form(enum az_key_type type); /* how a value of the type is written */

/* Reads text (no blanks at its ends) into the key's field. AZ_USAGE when the type or the range is
 * wrong; the message names the key and says what was expected; the experiment is then untouched. */
enum az_status az_key_parse(const struct az_key *key, const char *text,
                            struct az_experiment *experiment, struct az_error *error);

/* The value as exact text that az_key_parse reads back to the same bits. */
void az_key_format(const struct az_key *key, const struct az_experiment *experiment,
                   char text[AZ_KEY_TEXT_BYTES]);

/* The allowed values for people: "from 1 to 4096", "above 0", "bf16 | f32"; "" where all are. */
void az_key_range(const struct az_key *key, char text[AZ_KEY_TEXT_BYTES]);

/* AZ_USAGE "unknown key ..." with the key that was probably meant, or the section it belongs to. */
enum az_status az_key_unknown(const char *section, const char *name, struct az_error *error);
enum az_status az_section_unknown(const char *name, struct az_error *error);

/* The text of an experiment file, over what the experiment holds; `path` is for messages and is
 * kept. On failure the experiment is untouched. */
enum az_status az_experiment_parse(struct az_experiment *experiment, const char *path,
                                   const char *text, size_t length_bytes, struct az_error *error);

/* "off", "10", "1 until 100 then 100"; false when the text is none of these. */
bool az_cadence_parse(const char *text, struct az_cadence *cadence);
/* Sets the cadences that record.strategy stands for. */
void az_strategy_apply(struct az_experiment *experiment);
/* model.tied was set after it: records of U come or go with it, unless they were set by themselves.
 */
void az_strategy_follow(struct az_experiment *experiment);
void az_cadence_format(const struct az_cadence *cadence, char text[64]);

#endif
