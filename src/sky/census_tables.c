#include <math.h>

#include "sky/census_files.h"
#include "store/csv.h"
#include "store/file.h"

#define PATH_BYTES 4096
static enum az_status write_black_holes(const struct az_census *census, struct az_csv *csv,
                                        struct az_error *error)
{
    enum az_status status = AZ_OK;
    const struct az_duplicates *found = &census->found;
    for (int64_t v = 0; status == AZ_OK && v < found->black_holes; v++)
        for (int64_t m = found->begin[v]; status == AZ_OK && m < found->begin[v + 1]; m++) {
            az_csv_integer(csv, v);
            az_csv_integer(csv, found->population[v]);
            az_csv_integer(csv, az_matrix_token(census->matrix, found->members[m]));
            status = az_csv_end(csv, error);
        }
    return status;
}

static enum az_status write_vectors(const struct az_census *census, struct az_csv *csv,
                                    struct az_error *error)
{
    enum az_status status = AZ_OK;
    const struct az_crystal *crystal = &census->crystal;
    for (int64_t v = 0; status == AZ_OK && census->compared && v < crystal->count; v++) {
        int64_t row = census->found.first[crystal->vectors[v]];
        az_csv_integer(csv, crystal->vectors[v]);
        az_csv_integer(csv, az_matrix_token(census->matrix, row));
        az_csv_integer(csv, crystal->population[v]);
        az_csv_integer(csv, crystal->component[v]);
        az_csv_integer(csv, crystal->degree[v]);
        az_csv_f64(csv, crystal->betweenness[v]);
        az_csv_integer(csv, census->sighting.exponents[row]);
        az_csv_f64(csv, census->sighting.radii[row]);
        az_csv_f64(csv, census->scan.norms[row]);
        status = az_csv_end(csv, error);
    }
    return status;
}

static enum az_status write_edges(const struct az_census *census, struct az_csv *csv,
                                  struct az_error *error)
{
    enum az_status status = AZ_OK;
    const struct az_crystal *crystal = &census->crystal;
    for (int64_t e = 0; status == AZ_OK && e < crystal->edge_count; e++) {
        const struct az_crystal_edge *edge = &crystal->edges[e];
        az_csv_integer(csv, az_census_first_token(census, crystal->vectors[edge->a]));
        az_csv_integer(csv, az_census_first_token(census, crystal->vectors[edge->b]));
        az_csv_integer(csv, edge->steps.linf);
        az_csv_integer(csv, (int64_t)edge->steps.l1);
        az_csv_integer(csv, edge->steps.l0);
        az_csv_integer(csv, crystal->component[edge->a]);
        status = az_csv_end(csv, error);
    }
    return status;
}

static enum az_status write_components(const struct az_census *census, struct az_csv *csv,
                                       struct az_error *error)
{
    enum az_status status = AZ_OK;
    const struct az_crystal *crystal = &census->crystal;
    for (int32_t c = 0; status == AZ_OK && c < crystal->component_count; c++) {
        const struct az_crystal_component *part = &crystal->components[c];
        struct az_crystal_edge miss = az_crystal_near_miss(crystal, c);
        az_csv_integer(csv, c);
        az_csv_integer(csv, part->vectors);
        az_csv_integer(csv, part->tokens);
        az_csv_integer(csv, part->black_holes);
        az_csv_integer(csv, part->edges);
        az_csv_f64(csv, part->density);
        az_csv_f64(csv, part->clustering);
        if (miss.a < 0) {
            az_csv_empty(csv);
            az_csv_empty(csv);
        } else {
            az_csv_integer(csv, miss.steps.linf);
            az_csv_integer(csv, crystal->component[miss.b]);
        }
        status = az_csv_end(csv, error);
    }
    return status;
}

static enum az_status write_levels(const struct az_census *census, struct az_csv *csv,
                                   struct az_error *error)
{
    enum az_status status = AZ_OK;
    for (int64_t n = 0; status == AZ_OK && n < census->level_count; n++) {
        const struct az_crystal_level *level = &census->levels[n];
        az_csv_integer(csv, level->threshold);
        az_csv_integer(csv, level->components);
        az_csv_integer(csv, level->edges);
        az_csv_integer(csv, level->largest_vectors);
        az_csv_integer(csv, level->largest_tokens);
        status = az_csv_end(csv, error);
    }
    return status;
}

static enum az_status write_curve(const struct az_census *census, struct az_csv *csv,
                                  struct az_error *error)
{
    enum az_status status = AZ_OK;
    const struct az_curve *curve = &census->curve;
    for (int t = 0; status == AZ_OK && census->center >= 0 && t <= curve->greatest; t++) {
        az_csv_integer(csv, t);
        az_csv_integer(csv, curve->within[t]);
        az_csv_integer(csv, t ? curve->within[t] - curve->within[t - 1] : curve->within[0]);
        for (int k = 0; k < 4; k++) {
            if (t < AZ_SIGHTING_DEEP)
                az_csv_integer(csv, curve->match[t][k]);
            else
                az_csv_empty(csv);
        }
        status = az_csv_end(csv, error);
    }
    return status;
}

static enum az_status write_shells(const struct az_census *census, struct az_csv *csv,
                                   struct az_error *error)
{
    enum az_status status = AZ_OK;
    for (int n = 0; status == AZ_OK && census->center >= 0 && n < AZ_SHELLS; n++) {
        az_csv_f64(csv, census->shells[n].from);
        az_csv_f64(csv, census->shells[n].to);
        az_csv_integer(csv, census->shells[n].rows);
        az_csv_integer(csv, census->shells[n].vectors);
        status = az_csv_end(csv, error);
    }
    return status;
}

static enum az_status write_extents(const struct az_census *census, struct az_csv *csv,
                                    struct az_error *error)
{
    enum az_status status = AZ_OK;
    const struct az_extents *all = &census->extents, *holes = &census->black_hole_extents;
    for (int64_t d = 0; status == AZ_OK && census->compared && d < all->dims; d++) {
        az_csv_integer(csv, d);
        az_csv_integer(csv, all->exponent[d]);
        az_csv_integer(csv, all->extent[d]);
        az_csv_integer(csv, all->distinct[d]);
        az_csv_integer(csv, holes->extent[d]);
        az_csv_integer(csv, holes->distinct[d]);
        status = az_csv_end(csv, error);
    }
    return status;
}

static enum az_status write_selections(const struct az_census *census, struct az_csv *csv,
                                       struct az_error *error)
{
    enum az_status status = AZ_OK;
    for (int64_t n = 0; status == AZ_OK && n < census->selections.count; n++) {
        const struct az_selection *selection = &census->selections.list[n];
        az_csv_text(csv, selection->name);
        az_csv_text(csv, selection->rule);
        az_csv_integer(csv, selection->tokens);
        az_csv_integer(csv, selection->vectors);
        az_csv_integer(csv, selection->black_holes);
        az_csv_integer(csv, selection->singletons);
        az_csv_integer(csv, selection->excess);
        status = az_csv_end(csv, error);
    }
    return status;
}

static enum az_status write_overlaps(const struct az_census *census, struct az_csv *csv,
                                     struct az_error *error)
{
    enum az_status status = AZ_OK;
    const struct az_selections *all = &census->selections;
    for (int64_t a = 0; status == AZ_OK && a < all->count; a++)
        for (int64_t b = a + 1; status == AZ_OK && b < all->count; b++) {
            struct az_overlap overlap = az_selection_overlap(all, a, b);
            az_csv_text(csv, all->list[a].name);
            az_csv_text(csv, all->list[b].name);
            az_csv_integer(csv, overlap.both);
            az_csv_integer(csv, overlap.first);
            az_csv_integer(csv, overlap.second);
            az_csv_f64(csv, overlap.jaccard);
            status = az_csv_end(csv, error);
        }
    return status;
}

static enum az_status write_suspects(const struct az_census *census, struct az_csv *csv,
                                     struct az_error *error)
{
    enum az_status status = AZ_OK;
    const struct az_suspects *suspects = &census->suspects;
    int64_t most = census->matrix->rows / AZ_CENSUS_SUSPECT_SHARE + 1;
    for (int64_t n = 0; status == AZ_OK && n < suspects->ranked && n < most; n++) {
        int64_t row = suspects->ranking[n].row;
        int32_t vector = census->found.vector_of[row];
        az_csv_integer(csv, n + 1);
        az_csv_integer(csv, az_matrix_token(census->matrix, row));
        az_csv_f64(csv, suspects->ranking[n].score);
        for (int k = 0; k < AZ_INDICATORS; k++) az_csv_f64(csv, suspects->values[k][row]);
        az_csv_integer(csv, vector < 0 ? 1 : census->found.population[vector]);
        az_csv_integer(csv, census->sighting.exponents[row]);
        az_csv_text(csv, !census->surveyed
                             ? ""
                             : az_reach_name((enum az_reach)census->tokens.row[row].reach));
        status = az_csv_end(csv, error);
    }
    return status;
}

static enum az_status write_demographics(const struct az_census *census, struct az_csv *csv,
                                         struct az_error *error)
{
    enum az_status status = AZ_OK;
    for (int64_t n = 0; status == AZ_OK && census->surveyed && n < census->selections.count; n++) {
        int64_t counts[AZ_TOKEN_GROUP_LIMIT] = {0}, all[AZ_TOKEN_GROUP_LIMIT] = {0};
        const struct az_selection *selection = &census->selections.list[n];
        for (int64_t row = 0; row < census->matrix->rows; row++) {
            unsigned group = az_token_group(&census->tokens.row[row]);
            all[group]++;
            counts[group] += selection->mask[row];
        }
        for (unsigned group = 0; status == AZ_OK && group < az_token_group_count(); group++) {
            if (!counts[group]) continue;
            double share = (double)counts[group] / (double)selection->tokens;
            az_csv_text(csv, selection->name);
            az_csv_text(csv, az_token_group_name(group));
            az_csv_integer(csv, counts[group]);
            az_csv_f64(csv, share);
            az_csv_f64(csv, (double)counts[group] / (double)all[group]);
            az_csv_f64(csv, share / ((double)all[group] / (double)census->matrix->rows));
            status = az_csv_end(csv, error);
        }
    }
    return status;
}

/* One row for each table: file, header, writer. */
static const struct {
    const char *name, *header;
    enum az_status (*write)(const struct az_census *census, struct az_csv *csv,
                            struct az_error *error);
} tables[] = {
    {"black_holes.csv", "black_hole,population,token", write_black_holes},
    {"vectors.csv",
     "vector,first_token,population,component,degree,betweenness,exponent_distance_exps,radius_w,"
     "norm_w",
     write_vectors},
    {"edges.csv", "first_token_a,first_token_b,linf_steps,l1_steps,l0_dims,component", write_edges},
    {"components.csv",
     "component,vectors,tokens,black_holes,edges,density,clustering,next_linf_steps,next_component",
     write_components},
    {"threshold_curve.csv", "threshold_steps,components,edges,largest_vectors,largest_tokens",
     write_levels},
    {"exponent_curve.csv",
     "threshold_exps,rows,increment,match_all,match_all_but_1,match_all_but_5,match_all_but_10",
     write_curve},
    {"shells.csv", "above_w,to_w,rows,vectors", write_shells},
    {"extents.csv",
     "dim,exponent,extent_steps,distinct,black_hole_extent_steps,black_hole_distinct",
     write_extents},
    {"selections.csv", "selection,rule,tokens,vectors,black_holes,singletons,excess",
     write_selections},
    {"overlaps.csv", "first,second,both_tokens,first_only,second_only,jaccard", write_overlaps},
    {"suspects.csv",
     "rank,token,score,distance_w,cosine_distance,cosine_distance_centered,"
     "cosine_distance_without_first,norm_w,population,exponent_distance_exps,reachability",
     write_suspects},
    {"demographics.csv", "selection,group,tokens,share,captured,enrichment", write_demographics},
};

enum az_status az_census_tables(const struct az_census *census, const char *directory,
                                struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_csv *csv = NULL;
    char path[PATH_BYTES];
    for (size_t n = 0; n < sizeof tables / sizeof tables[0]; n++) {
        if (tables[n].write == write_suspects && !census->suspected) continue;
        if (tables[n].write == write_demographics && !census->surveyed) continue;
        AZ_TRY(az_path_join(path, sizeof path, directory, tables[n].name, error));
        AZ_TRY(az_csv_create(&csv, path, AZ_CSV_WHOLE, tables[n].header, error));
        AZ_TRY(az_csv_finish(csv, tables[n].write(census, csv, error), error));
    }
out:
    return status;
}
