/* SPDX-License-Identifier: Apache-2.0 */
/* Signed deep links: a foreign program (a hospital's own system) opens one case in the pages for
 * one of its people. A link names the case, the person, an end and a nonce, and is signed with a
 * key of the institution; it is good once, for a few minutes. It is no sign-in: the person signs in
 * as always, and rights are asked as always; it only saves the search and proves where the click
 * came from. It holds ids only (docs/interfaces.md).
 *
 *   <key id>.<payload>.<signature>, the last two base64url without padding;
 *   payload = JSON {"c": case, "a": account, "e": end in seconds of UTC, "n": nonce};
 *   signature = HMAC-SHA256 over "<key id>.<payload>". */
#ifndef SIGNALING_LINK_LINK_H
#define SIGNALING_LINK_LINK_H

#include "base/time.h"
#include "signaling/http/route.h"
#include "signaling/proto/method.h"

#define LINK_TEXT_MAX     640 /* bytes of a link, final zero included */
#define LINK_SECRET_BYTES 32
#define LINK_NONCE_MAX    44
#define LINK_LIFE_US      (10 * 60 * TIME_US_PER_S) /* a link may not claim to live longer */
#define LINK_SKEW_US      (60 * TIME_US_PER_S)      /* clocks of foreign programs (TRUST AUT-02) */

extern const struct method_table link_method_table; /* link.make, link.open */
extern const struct http_table link_http_table;     /* GET /open/<link>: to the pages */

struct link {
    char key[ID_MAX];
    char consultation[ID_MAX];
    char account[ID_MAX];
    char nonce[LINK_NONCE_MAX];
    int64_t end_s;
};

/* Pure: puts a link together and takes one apart. link_parse checks the shape only. SQ_ERR_INVALID,
 * SQ_ERR_LIMIT (does not fit). */
int link_make(const struct link *l, const uint8_t secret[LINK_SECRET_BYTES],
              char out[LINK_TEXT_MAX]);
int link_parse(const char *text, struct link *out);
/* 0 when the signature is right and the time is; SQ_ERR_FORGED, SQ_ERR_TIMEOUT (ended, or claims to
 * live too long). Compares in constant time. */
int link_check(const char *text, const struct link *l, const uint8_t secret[LINK_SECRET_BYTES],
               time_us utc_us);

/* A new key of an institution; `secret_text` gets its secret in base64url, told once. Inside the
 * caller's transaction. SQ_ERR_NOT_FOUND: no such institution. */
#define LINK_SECRET_TEXT_MAX 48
int link_key_add(struct service *s, const char *institution, time_us utc_us, char id[ID_MAX],
                 char secret_text[LINK_SECRET_TEXT_MAX]);
int link_key_remove(struct service *s, const char *id, time_us utc_us);

#endif
