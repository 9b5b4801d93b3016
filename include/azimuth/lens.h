/* lens.h: how the rows of a recorded matrix move, cool and freeze: motion, lifecycle and kinematics
 * in one pass over the recording.
 *
 * Memory does not grow with the frames, but for some hundred bytes of results per frame and set.
 * Results depend neither on the number of threads nor on the instruction set. Every quantity:
 * docs/definitions.md. Steps are those of the frame that shows a motion: where the recording has a
 * cadence, the motion lies between the frame before and that one. */
#ifndef AZIMUTH_LENS_H
#define AZIMUTH_LENS_H

#include <stdbool.h>
#include <stdint.h>

#include "azimuth/progress.h"
#include "azimuth/status.h"

/* The sets of tokens that results are given for: enumerator, name. */
#define AZ_LENS_SET_TABLE(X)                                                                       \
    X(AZ_LENS_ALL, "all")                                                                          \
    X(AZ_LENS_DEAD, "dead")                                                                        \
    X(AZ_LENS_LIVE, "live")                                                                        \
    X(AZ_LENS_NAMED, "named")

enum az_lens_set {
#define AZ_LENS_ENUMERATOR(id, name) id,
    AZ_LENS_SET_TABLE(AZ_LENS_ENUMERATOR)
#undef AZ_LENS_ENUMERATOR
        AZ_LENS_SETS
};
AZ_API const char *az_lens_set_name(enum az_lens_set set);

/* Windows of steps 1..10, 11..100, ... to which what is not told step by step is summed. */
#define AZ_LENS_WINDOWS 8
AZ_API int az_lens_window(int64_t step);

struct az_lens_options {
    const char *matrix;  /* NULL: "W" */
    const char *named;   /* a file with a mask or a list of tokens, for AZ_LENS_NAMED; NULL: none */
    const char *arrays;  /* a safetensors file for [steps][rows] arrays of the motion; NULL: none */
    const char *isa;     /* NULL: the best */
    int threads;         /* 0: all */
    int64_t guard_steps; /* 0: max(100, T/10) */
    int64_t first_step;  /* steps below are left out; the first frame at or after it begins */
    int64_t last_step;   /* 0: to the end */
    bool kinematics;     /* else motion and lifecycle only */
};

/* What was looked at. */
struct az_lens_subject {
    char matrix[32];
    int64_t rows, dims, vocabulary;
    int64_t moves;             /* pairs of neighbouring frames */
    const int64_t *steps;      /* [moves + 1] */
    int64_t longest_gap_steps; /* between neighbouring frames; 1: every step is there */
    int64_t guard_steps;
    const int64_t *tokens; /* [rows] vocabulary row of each row */
    const uint8_t *sets;   /* [rows] bit s: in set s */
    char named[256];       /* the named set's file, without folder */
    bool present[AZ_LENS_SETS];
    int64_t counts[AZ_LENS_SETS]; /* rows of each set */
};

struct az_motion;     /* motion.h */
struct az_lifecycle;  /* lifecycle.h */
struct az_kinematics; /* kinematics.h */

struct az_lens {
    struct az_lens_subject subject;
    struct az_motion *motion;
    struct az_lifecycle *lifecycle;
    struct az_kinematics *kinematics; /* NULL when not asked for */
};

/* path: a recording or a run directory. AZ_MISSING: the matrix was not recorded; AZ_UNSUPPORTED:
 * its type is not bf16, whose lattice all this is about; AZ_USAGE: fewer than two frames, no such
 * token in the named set; AZ_INTERRUPTED: progress was asked to stop. Free with az_lens_free. */
AZ_API enum az_status az_lens_look(struct az_lens **lens, const char *path,
                                   const struct az_lens_options *options,
                                   struct az_progress *progress, struct az_error *error);
AZ_API void az_lens_free(struct az_lens *lens); /* NULL is allowed */

#endif
