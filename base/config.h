/* SPDX-License-Identifier: Apache-2.0 */
/* Configuration: a YAML file (read by libyaml) of `section: {key: value}`, every key overridable by an
 * environment variable SHANQIAO_<SECTION>_<KEY> and listed by --help. A program describes its keys in one table;
 * loading fills a struct of its own, const from then on. A bad key or value refuses to start and says file,
 * line, key, what was found and what is wanted. */
#ifndef BASE_CONFIG_H
#define BASE_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum config_type { CONFIG_TEXT, CONFIG_INT, CONFIG_BOOL, CONFIG_CHOICE, CONFIG_LIST };

#define CONFIG_TEXT_MAX 512 /* bytes of a value, final zero included */
#define CONFIG_LIST_MAX 32  /* entries of a list */

struct config_list {
    size_t count;
    char entries[CONFIG_LIST_MAX][CONFIG_TEXT_MAX];
};

/* One key. `offset` is where in the caller's struct the value goes: char[CONFIG_TEXT_MAX] for TEXT and CHOICE,
 * int64_t for INT, bool for BOOL, struct config_list for LIST (YAML sequence, or commas in the environment). */
struct config_key {
    const char *name; /* "section.key", lower case with underscores */
    enum config_type type;
    size_t offset;
    const char *fallback; /* default in text form; NULL: the key is required */
    long long min, max;   /* CONFIG_INT */
    const char *choices;  /* CONFIG_CHOICE: "a|b|c" */
    const char *says;     /* one line for --help, with the unit */
};

#define CONFIG_ERROR_MAX 1024

/* Fills `out` (borrowed) from defaults, then the file (NULL: none), then the environment.
 * 0, or SQ_ERR_INVALID / SQ_ERR_IO with a message for a person in `error`; `out` is then undefined. */
int config_load(void *out, const struct config_key *keys, size_t key_count, const char *file,
                char error[CONFIG_ERROR_MAX]);

/* Prints each key with its type, default, environment name and meaning. */
void config_help(FILE *to, const struct config_key *keys, size_t key_count);

#endif
