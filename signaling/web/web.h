/* SPDX-License-Identifier: Apache-2.0 */
/* The built pages (signaling/web/build.mjs) over the signalling port: index.html with a fresh nonce
 * in each response and a strict content security policy, the rest from memory, compressed where
 * that is taken. Refuses to know who asks, and what the pages do; the disk is looked at when the
 * directory changes only, so no path of a request ever reaches it. */
#ifndef SIGNALING_WEB_WEB_H
#define SIGNALING_WEB_WEB_H

#include "base/config.h"
#include "signaling/http/route.h"

#define WEB_ERROR_MAX 256

struct web_config {
    const char *directory;             /* copied */
    const struct config_list *origins; /* borrowed; whose host names may stand in connect-src */
};

struct web;

/* Reads the directory. 0, or SQ_ERR_IO, SQ_ERR_INVALID (no index.html, or too much), SQ_ERR_NOMEM
 * with a sentence for a person in `error`. */
int web_new(struct web **out, const struct web_config *config, char error[WEB_ERROR_MAX]);
void web_free(struct web *w); /* NULL is fine; no exchange may be under way */

/* One route for every path that no other room has. Its step reads the directory anew once it has
 * changed and been left alone for WEB_SETTLE_US; what is under way ends with the old files. */
#define WEB_SETTLE_US (2 * TIME_US_PER_S)
struct http_table web_routes(struct web *w);

#endif
