/* SPDX-License-Identifier: Apache-2.0 */
/* Reading profiles of links: the JSON format "shanqiao-link-1" and the trace format "rate-v1"
 * (tests/data/links/README.md). Knows the formats and their limits. */
#ifndef LOADTEST_PROFILE_PROFILE_H
#define LOADTEST_PROFILE_PROFILE_H

#include "loadtest/link/profile.h"

struct link_profiles;

/* Reads a file of profiles and the traces they name; `traces` is their folder, NULL for "traces"
 * beside the file. 0, SQ_ERR_NOMEM, SQ_ERR_IO (a file can't be read), SQ_ERR_INVALID; `error` then
 * says file, profile, field, what was found and what is wanted. */
int link_profiles_read(struct link_profiles **out, const char *file, const char *traces,
                       char error[LINK_ERROR_MAX]);
void link_profiles_free(struct link_profiles *set);

size_t link_profiles_count(const struct link_profiles *set);
const struct link_profile *link_profiles_at(const struct link_profiles *set, size_t index);
const struct link_profile *link_profiles_find(const struct link_profiles *set,
                                              const char *name); /* NULL: none */

/* Reads one trace, its rates multiplied by `scale`. Errors as above; the caller frees with
 * link_rate_fini. */
int link_trace_read(struct link_rate *out, const char *file, double scale,
                    char error[LINK_ERROR_MAX]);
void link_rate_fini(struct link_rate *r);

#endif
