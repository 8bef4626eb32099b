/* SPDX-License-Identifier: Apache-2.0 */
/* The pure half of the HTTP seam: which route a path and a method have, what text may come in, what
 * an error is in HTTP's words. Refuses to know sockets, sessions and what a route does. */
#ifndef SIGNALING_HTTP_MATCH_H
#define SIGNALING_HTTP_MATCH_H

#include "signaling/http/route.h"

#define HTTP_ALLOW_MAX 64 /* all seven methods and their commas */

/* Letters, digits, "-", "_", single "/" and single "." inside a name, below HTTP_PATH_MAX: no "..",
 * no "//", no hidden file, nothing to decode. */
bool http_path_is_plain(const char *path);

struct http_match {
    const struct http_table *table; /* NULL: no route has this path */
    const struct http_route *route; /* NULL: one has, but not for this method */
    uint32_t allowed;               /* methods of the path */
};
/* The exact path, else the longest prefix. Borrows. */
struct http_match http_match(const struct http_table *tables, size_t count, const char *path,
                             enum http_method method);

/* "GET, HEAD" */
const char *http_allow_text(uint32_t methods, char out[HTTP_ALLOW_MAX]);

/* Digits only, no sign, at most 2^53 (what every client counts exactly). */
bool http_parse_length(const char *text, uint64_t *out);

/* Valid UTF-8 without control characters. */
bool http_text_is_clean(const char *text);

/* "Bearer <token>" (RFC 6750 section 2.1): the token inside `header`, NULL when it is another
 * scheme. */
const char *http_bearer(const char *header);

/* Value of a cookie in a Cookie header (RFC 6265 section 5.4), copied to `out`. false: it is not
 * there, there twice, or longer than `size` holds. NULL header: not there. */
bool http_cookie(const char *header, const char *name, char *out, size_t size);

/* Reason phrase of a status that we send; never NULL. */
const char *http_reason(unsigned status);

/* "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110 section 5.6.7) */
#define HTTP_DATE_MAX 32
const char *http_date_text(time_us utc_us, char out[HTTP_DATE_MAX]);

/* The body of http_fail (free() it); NULL when memory is used up. */
char *http_error_body(int error, const char *en, const char *zh, size_t *len_bytes);

#endif
