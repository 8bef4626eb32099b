/* SPDX-License-Identifier: Apache-2.0 */
/* One configuration value from text into the caller's struct, and the words for what was wanted.
 * Inside base only. */
#ifndef BASE_CONFIG_VALUE_H
#define BASE_CONFIG_VALUE_H

#include "base/config.h"

struct config_found {
    char text[CONFIG_PHRASE_MAX];
};

/* All return NULL when the value was stored, else the phrase for "found", kept in *found. */
const char *config_value_set_text(void *out, const struct config_key *key, const char *text,
                                  size_t len_bytes, struct config_found *found);
const char *config_value_add_entry(void *out, const struct config_key *key, const char *text,
                                   size_t len_bytes, struct config_found *found);
/* A CONFIG_LIST from "a, b"; anything else as config_value_set_text. */
const char *config_value_set_flat(void *out, const struct config_key *key, const char *text,
                                  struct config_found *found);
void config_value_clear_list(void *out, const struct config_key *key);

/* `"abc"` with quotes, cut to a length that fits a line, controls shown as '?'. */
const char *config_value_quote(const char *text, size_t len_bytes, struct config_found *found);

/* "an integer from 1 to 64", "one of a, b, c". Returns out. */
const char *config_value_want(const struct config_key *key, char out[CONFIG_PHRASE_MAX]);

#endif
