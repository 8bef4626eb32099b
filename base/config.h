/* SPDX-License-Identifier: Apache-2.0 */
/* Configuration: a YAML file (read by libyaml) of `section: {key: value}`, every key overridable by
 * an environment variable SHANQIAO_<SECTION>_<KEY> and listed by --help. A program describes its
 * keys in one table; loading fills a struct of its own, const from then on. A bad key or value
 * refuses to start and says file, line, key, what was found, what is wanted and what to do; for
 * what only the program can judge (a file that must exist, a port that must be free) it remembers
 * where each value came from. */
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

/* One key. `offset` is where in the caller's struct the value goes: char[CONFIG_TEXT_MAX] for TEXT
 * and CHOICE, int64_t for INT, bool for BOOL, struct config_list for LIST (YAML sequence, or commas
 * in the environment). */
struct config_key {
    const char *name; /* "section.key", lower case with underscores */
    enum config_type type;
    size_t offset;
    const char *fallback; /* default in text form; NULL: the key is required */
    long long min, max;   /* CONFIG_INT */
    const char *choices;  /* CONFIG_CHOICE: "a|b|c" */
    const char *says;     /* one line for --help, with the unit */
};

#define CONFIG_ERROR_MAX  1536 /* a value of 511 bytes may stand in it twice */
#define CONFIG_PHRASE_MAX 256  /* bytes of "found" and "want" phrases, final zero included */
#define CONFIG_KEYS_MAX   64   /* keys of one table */

/* Where the values of a loaded configuration came from. Filled by config_load_traced. */
struct config_sources {
    const struct config_key *keys; /* borrowed, as `file` */
    size_t key_count;
    const char *file;                      /* NULL: none */
    size_t lines[CONFIG_KEYS_MAX];         /* by key: line of the file; 0: the default;
                                              SIZE_MAX: the environment */
    size_t section_lines[CONFIG_KEYS_MAX]; /* by the first key of a section: its line, 0: absent */
};

/* Fills `out` (borrowed) from defaults, then the file (NULL: none), then the environment.
 * 0, or SQ_ERR_INVALID / SQ_ERR_IO with a message for a person in `error`; `out` is then undefined.
 */
int config_load(void *out, const struct config_key *keys, size_t key_count, const char *file,
                char error[CONFIG_ERROR_MAX]);

/* The same, and says where the values came from, also when it refuses. */
int config_load_traced(void *out, const struct config_key *keys, size_t key_count, const char *file,
                       struct config_sources *sources, char error[CONFIG_ERROR_MAX]);

/* `"abc"` with quotes, cut to fit a line, controls shown as '?'; "nothing" when empty. Returns out.
 */
const char *config_quote(const char *text, char out[CONFIG_PHRASE_MAX]);

/* What a program finds wrong with a value after loading, in the words of config_load:
 * "FILE:LINE: section.key: found X, want Y; remedy", or with "environment variable NAME" for the
 * place; `found` is often config_quote's. Writes `error`, returns SQ_ERR_INVALID. */
int config_refuse(const struct config_sources *sources, const char *key, const char *found,
                  const char *want, const char *remedy, char error[CONFIG_ERROR_MAX]);

/* The name of the environment variable of a key. */
#define CONFIG_NAME_MAX 64 /* of a key or environment name, final zero included */
void config_environment_name(const struct config_key *key, char out[CONFIG_NAME_MAX]);

/* Prints each key with its type, default, environment name and meaning. */
void config_help(FILE *to, const struct config_key *keys, size_t key_count);

#endif
