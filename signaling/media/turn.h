/* SPDX-License-Identifier: Apache-2.0 */
/* Credentials of a while for TURN servers, as coturn's use-auth-secret checks them (TURN REST API,
 * draft-uberti-behave-turn-rest): the name is "<seconds of its end>:<account>", the password its
 * HMAC-SHA1 under the secret that both servers hold. Pure. Refuses to know whether anybody needs
 * TURN: the ICE agent of each terminal finds that out. */
#ifndef SIGNALING_MEDIA_TURN_H
#define SIGNALING_MEDIA_TURN_H

#include "base/config.h"
#include "base/time.h"
#include <jansson.h>

#define TURN_URLS_MAX   8 /* docs/protocol/methods/media.join.json */
#define TURN_URL_MAX    256
#define TURN_SECRET_MIN 16
#define TURN_SECRET_MAX 256 /* bytes, final zero included */

struct turn {
    const struct config_list *urls; /* borrowed; none: no TURN */
    char secret[TURN_SECRET_MAX];
    time_us life_us; /* of a credential; coturn looks at it at each refresh too */
};

/* "turn:host[:port][?transport=udp|tcp]" or "turns:..." (RFC 7065). */
bool turn_url_valid(const char *url);

/* Value of `iceServers` for this account: a new reference; NULL: memory is used up. */
json_t *turn_ice_servers(const struct turn *t, const char *account, time_us utc_us);

#endif
