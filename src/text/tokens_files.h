/* tokens_files.h: a survey of tokens as files: CSV, safetensors, the catalog's table "tokens". */
#ifndef AZ_TEXT_TOKENS_FILES_H
#define AZ_TEXT_TOKENS_FILES_H

#include "azimuth/tokens.h"
#include "store/catalog.h"

/* A row for each row: id,text,bytes,script,class,length_bytes,characters and, where reached,
 * reachability,encoding,reason. bytes is hexadecimal, encoding ids separated by blanks. */
enum az_status az_tokens_csv(const struct az_tokens *tokens, const char *path,
                             struct az_error *error);

/* Arrays of the rows (docs/formats.md, "Tokens"). metadata: pairs key, value, ... ended by NULL,
 * added to those that explain the codes. */
enum az_status az_tokens_arrays(const struct az_tokens *tokens, const char *path,
                                const char *const *metadata, struct az_error *error);

/* The table "tokens"; rows that were not reached have no reachability there. */
enum az_status az_tokens_catalog(const struct az_tokens *tokens, struct az_catalog *catalog,
                                 const struct az_catalog_provenance *provenance,
                                 struct az_error *error);

#endif
