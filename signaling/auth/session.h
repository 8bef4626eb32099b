/* SPDX-License-Identifier: Apache-2.0 */
/* Sessions in the store: made, found by the hash of their token, ended. Inside auth only. */
#ifndef SIGNALING_AUTH_SESSION_H
#define SIGNALING_AUTH_SESSION_H

#include "signaling/auth/auth.h"

/* A new session of an account; `token` gets the secret, which is stored nowhere. */
int session_create(struct service *s, const char *account, const char *device, time_us utc_us,
                   char id[ID_MAX], char token[AUTH_TOKEN_MAX]);

/* Marks it ended, ends the account's duty and adds EFFECT_SESSION_ENDED with `reason` (literal).
 * Ending twice does nothing. */
int session_end(struct service *s, const char *session, const char *account, const char *reason,
                time_us utc_us, struct effects *effects);

/* Likewise for a session whose connection is gone and whose holder signs in again: duty goes on. */
int session_supersede(struct service *s, const char *session, const char *account, time_us utc_us,
                      struct effects *effects);

/* login.c: ["specialist", ...], a new reference; NULL: no memory. */
json_t *auth_roles_json(uint32_t roles);

/* Expiry of a session that somebody revoked without a connection to the server (shanqiaoctl). */
#define SESSION_REVOKED_US 0

/* All sessions of an account, as session_end. */
int session_end_all(struct service *s, const char *account, const char *reason, time_us utc_us,
                    struct effects *effects);

/* changes.c: applies what other programs changed, at most 64 accounts a call. */
int changes_sweep(struct service *s, time_us utc_us, struct effects *effects);

/* The live session of an account, "" when there is none (an account has at most one). */
int session_of_account(struct service *s, const char *account, time_us utc_us, char out[ID_MAX]);

#endif
