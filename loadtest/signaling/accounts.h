/* SPDX-License-Identifier: Apache-2.0 */
/* Who signs in: {"accounts": [{"account", "password" or "token", "role", "panel"?}]}. role
 * "applicant" submits to any panel, "specialist" is on duty in `panel`, "idle" only stays
 * connected. A token (of a session that was prepared) spares the server Argon2. Refuses to know
 * connections. */
#ifndef LOADTEST_SIGNALING_ACCOUNTS_H
#define LOADTEST_SIGNALING_ACCOUNTS_H

#include <stddef.h>

#define ACCOUNTS_MAX       200000
#define ACCOUNTS_ERROR_MAX 200

enum account_role { ACCOUNT_IDLE = 0, ACCOUNT_APPLICANT, ACCOUNT_SPECIALIST };

struct account {
    char *name, *password, *token, *panel; /* NULL where the file has none */
    enum account_role role;
};

struct accounts {
    struct account *items;
    size_t count;
};

/* 0, or SQ_ERR_IO, SQ_ERR_INVALID, SQ_ERR_LIMIT, SQ_ERR_NOMEM with what is wrong and where, and the
 * remedy, in `error`; `out` is then empty. */
int accounts_load(struct accounts *out, const char *file, char error[ACCOUNTS_ERROR_MAX]);
int accounts_parse(struct accounts *out, const char *text, size_t len_bytes,
                   char error[ACCOUNTS_ERROR_MAX]);
size_t accounts_count(const struct accounts *a, enum account_role role);
void accounts_clear(struct accounts *a);

#endif
