/* kinematics.h: where the tokens go, in weight units (docs/definitions.md, "Kinematics"). */
#ifndef AZIMUTH_KINEMATICS_H
#define AZIMUTH_KINEMATICS_H

#include "azimuth/lens.h"

/* One frame of one set; what compares two frames is NAN at the first. */
struct az_kinematics_frame {
    double centroid_norm_w, origin_radius_w;
    double cloud_radius_w, cloud_radius_sd_w, cloud_radius_most_w;
    double centroid_speed_w;                       /* |dc| */
    double centroid_turn;                          /* cosine between dc and the dc before */
    double total_w2, bulk_w2, thermal_w2;          /* T_tot, T_bulk, T_thermal over the set */
    double movers_bulk_w2, movers_thermal_w2;      /* the same with the mean over movers only */
    int64_t movers, outward, inward;               /* tokens: dx . r above, below 0 */
    double radial_share;                           /* mean over movers of dx . r / |dx|, signed */
    double radial_size_share;                      /* mean over movers of |dx . r| / |dx| */
    double movers_radial_w2, movers_tangential_w2; /* means over movers: (dx . r)^2, and the rest of
                                                      |dx|^2, which is across r */
    double participation_tokens;                   /* (sum |dx|^2)^2 / sum |dx|^4 */
};

struct az_token_path {
    double net_w, path_w;                   /* |x(T) - x(0)|, sum |dx| */
    double peculiar_net_w, peculiar_path_w; /* in the frame of its set's centroid: dead or live
                                               where known, else all */
    double squares_w2;                      /* sum |dx|^2 */
    int64_t outward_steps, inward_steps;
    double radial_share; /* mean over its motions, signed */
};

/* Autocorrelation of velocities in one window of steps at one lag in frames. */
struct az_velocity_lag {
    int64_t lag_frames;
    int64_t pairs;         /* token-steps with both motions not 0 */
    double products_ratio; /* sum v(t).v(t+lag) / sum |v(t)|^2, over tokens that move at t */
    double mean_cosine;    /* over pairs */
};
#define AZ_VELOCITY_LAGS 12

struct az_set_path {
    double centroid_net_w, centroid_path_w, centroid_efficiency;
    double walk_null_w;      /* s sqrt(T/n): expected net of the centroid of independent walkers */
    double walk_ratio;       /* centroid_net_w / walk_null_w */
    double token_walk_ratio; /* median over tokens of net / (rms step * sqrt(T)) */
    int64_t inhale_end_step, sneeze_end_step, deceleration_end_step; /* the last: -1, not reached */
    double identity_error; /* largest |T_tot - T_bulk - T_thermal| / T_tot */
    struct az_velocity_lag velocity[AZ_LENS_WINDOWS][AZ_VELOCITY_LAGS];
};

/* The cloud's shape at some frames: covariance of positions about the centroid. */
struct az_cloud_shape {
    int64_t step;
    double trace_w2, largest_share, participation_dims, eccentricity;
};

struct az_kinematics {
    struct az_kinematics_frame *frames[AZ_LENS_SETS]; /* [moves + 1] */
    double *centroids[AZ_LENS_SETS];                  /* [moves + 1][dims] */
    struct az_token_path *tokens;                     /* [rows] */
    struct az_set_path sets[AZ_LENS_SETS];
    struct az_cloud_shape *shapes[AZ_LENS_SETS]; /* [shape_count] */
    double *spectra[AZ_LENS_SETS];               /* [shape_count][dims] eigenvalues, descending */
    int64_t shape_count;
    int64_t velocity_every; /* the autocorrelation starts at the first ten motions (fewer
                               where frames are huge) and then at every so many */
};

#endif
