/* SPDX-License-Identifier: Apache-2.0 */
/* What a browser is told about a file: its type, its policy, how long it may be kept. Pure: texts
 * in, texts out. Refuses to know files, sockets and requests. */
#ifndef SIGNALING_WEB_POLICY_H
#define SIGNALING_WEB_POLICY_H

#include "base/config.h"
#include <stdbool.h>
#include <stddef.h>

#define POLICY_NONCE_MAX 32  /* 128 bits in base64url and the final zero */
#define POLICY_CSP_MAX   768 /* bytes, final zero included */
#define POLICY_HOST_MAX  260 /* a name of 253 bytes, its port and the final zero */

/* Content-Security-Policy of index.html. `host`: value of Host, NULL or unknown to `origins`: only
 * 'self' may be connected to (it covers wss in today's browsers; older ones want it named). */
const char *policy_of_page(const char *nonce, const char *host, const struct config_list *origins,
                           char out[POLICY_CSP_MAX]);
/* Of scripts: counts where they run as workers, which decode pictures by WebAssembly. */
extern const char policy_of_script[];
/* Features of index.html's page; all others are off. */
extern const char policy_of_features[];

/* By the name's ending; NULL: not served. */
const char *policy_type(const char *name);
/* "main-KE3XS6AC.js": a name that holds a hash of the content may be kept for ever. */
bool policy_immutable(const char *name);

/* Does If-None-Match name this entity tag (RFC 9110 section 13.1.2)? NULL: no. */
bool policy_tag_matches(const char *if_none_match, const char *etag);
/* Does Accept-Encoding take gzip (RFC 9110 section 12.5.3)? NULL: no. */
bool policy_takes_gzip(const char *accept_encoding);

#endif
