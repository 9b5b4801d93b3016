/* cutter.h: the "pre_tokenizer" of tokenizer.json: steps, each of which cuts every word of the step
 * before into smaller ones, that merges never cross. */
#ifndef AZ_TEXT_CUTTER_H
#define AZ_TEXT_CUTTER_H

#include "text/splitter.h"

enum az_cutter_kind {
    AZ_CUTTER_PATTERN,    /* splitter */
    AZ_CUTTER_STRING,     /* occurrences of string */
    AZ_CUTTER_CHARACTERS, /* each character with a flag of az_unicode_flags */
    AZ_CUTTER_BERT,       /* white space goes, each punctuation is a word */
    AZ_CUTTER_METASPACE,  /* blanks become string, which begins words */
    AZ_CUTTER_PREFIX,     /* puts a blank before a text that begins with none; cuts nothing */
    AZ_CUTTER_LENGTH,     /* every `number` characters */
    AZ_CUTTER_SCRIPTS,    /* where the script changes; what has none goes with what is before */
    AZ_CUTTER_SEAM,       /* at places that no merge crosses; see model.h */
};

/* What becomes of the matches, and of what lies between. */
enum az_behaviour {
    AZ_BEHAVIOUR_ISOLATED,
    AZ_BEHAVIOUR_REMOVED,
    AZ_BEHAVIOUR_PREVIOUS,
    AZ_BEHAVIOUR_NEXT,
    AZ_BEHAVIOUR_CONTIGUOUS,
};

/* When METASPACE puts its string before a text that does not begin with it. */
enum az_prepend { AZ_PREPEND_NEVER, AZ_PREPEND_FIRST, AZ_PREPEND_ALWAYS };

struct az_cutter_step {
    enum az_cutter_kind kind;
    enum az_behaviour behaviour;
    bool invert;
    enum az_prepend prepend;
    bool whole; /* METASPACE that does not cut */
    unsigned flag;
    size_t number;
    char *string;
    size_t string_bytes;
    struct az_splitter splitter;
    uint32_t *crossed; /* SEAM: characters after which a merge may cross, ascending */
    size_t crossed_count;
};

struct az_cutter {
    struct az_cutter_step *steps; /* none: a text is one word */
    size_t count;
    bool spelled; /* words are spelled in the byte alphabet */
};

void az_cutter_free(struct az_cutter *cutter); /* zeroed is empty */
/* A new last step, zeroed but for its kind. */
enum az_status az_cutter_add(struct az_cutter *cutter, enum az_cutter_kind kind,
                             struct az_cutter_step **step, struct az_error *error);
/* Whether cutting can begin at any word of the first step and give the words that follow it. */
bool az_cutter_restarts(const struct az_cutter *cutter);

/* A word for whoever wants the words: bytes are valid until it returns. */
typedef enum az_status az_cutter_word(void *context, const char *word, size_t length_bytes,
                                      struct az_error *error);

/* Words of one step in one text. */
struct az_cut_walk {
    const struct az_cutter_step *step;
    struct az_walk walk;     /* PATTERN */
    struct az_buffer buffer; /* the text, where the step changes it */
    const char *text;
    size_t length_bytes, at;
    size_t piece_start, piece_end; /* looked at already */
    bool piece_match;
};

/* One use of a cutter, by one thread at a time. */
struct az_cut {
    const struct az_cutter *cutter;
    struct az_cut_walk *walks; /* [cutter->count] */
};

enum az_status az_cut_init(struct az_cut *cut, const struct az_cutter *cutter,
                           struct az_error *error);
void az_cut_free(struct az_cut *cut); /* zeroed is allowed */

/* Gives the words of a text (valid UTF-8, not empty) to `word`. first_bytes: at
 * its start, that came of the first character of the whole text. */
enum az_status az_cut_text(struct az_cut *cut, const char *text, size_t length_bytes,
                           size_t first_bytes, az_cutter_word *word, void *context,
                           struct az_error *error);

/* The same in parts. begin: *changed is the text as the first step cuts it (borrowed from cut). A
 * cut, this or another, goes to a byte of it, and asks for the words of the first step from there;
 * each is then cut by the others. */
enum az_status az_cut_begin(struct az_cut *cut, const char *text, size_t length_bytes,
                            size_t first_bytes, const char **changed, size_t *changed_bytes,
                            struct az_error *error);
void az_cut_go(struct az_cut *cut, const char *changed, size_t changed_bytes, size_t at);
/* *start is the word's byte; *length_bytes 0 at the end. */
enum az_status az_cut_next(struct az_cut *cut, size_t *start, size_t *length_bytes,
                           struct az_error *error);
enum az_status az_cut_word(struct az_cut *cut, const char *word, size_t length_bytes,
                           size_t first_bytes, az_cutter_word *take, void *context,
                           struct az_error *error);

#endif
