/* SPDX-License-Identifier: Apache-2.0 */
/* Audit rows of refusals: acts on what is not the caller's, and sign-ins that failed. Bounded by
 * origin (a session, a login name), so that nobody fills the log. Refuses to know why a handler
 * refused. */
#ifndef SIGNALING_PROTO_REFUSED_H
#define SIGNALING_PROTO_REFUSED_H

#include "signaling/auth/auth.h"
#include "signaling/proto/method.h"

#define REFUSED_ROWS_MAX  10 /* of one session or login name in REFUSED_SPAN_US */
#define REFUSED_SPAN_US   (60 * TIME_US_PER_S)
#define REFUSED_ORIGINS   1024 /* counted at a time; when all are busy nothing more is written */
#define REFUSED_PROBE_MAX 8

struct refused_origin {
    char name[ID_MAX]; /* session, or the beginning of a login name's hash in hex */
    time_us since_us;
    unsigned rows;
};

struct refused {
    struct refused_origin origins[REFUSED_ORIGINS];
};

/* The object that params of a request name, NULL: none. Borrowed. */
const char *refused_object(const json_t *params);

/* Inside a transaction. SQ_ERR_DENIED, and SQ_ERR_NOT_FOUND for an object that exists, leave a row
 * with the method as act; other errors none. object: what it was on, NULL or "": nothing. 0 or a
 * store error. */
int refused_act(struct refused *r, struct service *s, const struct caller *caller,
                const char *method, const char *object, int error, time_us utc_us);

/* Inside a transaction: who is signed in gave a wrong password, or too many. Row "auth.refused" of
 * that session, detail = the error's name. */
int refused_confirm(struct refused *r, struct service *s, const struct caller *caller, int error,
                    time_us utc_us);

/* Inside a transaction: a sign-in that failed. Row "auth.refused", object = SHA-256 of the login
 * name in hex, detail = the error's name. */
int refused_login(struct refused *r, struct service *s,
                  const uint8_t login_hash[AUTH_LOGIN_HASH_BYTES], int error, time_us utc_us);

#endif
