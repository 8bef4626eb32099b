/* SPDX-License-Identifier: Apache-2.0 */
/* A request's JSON (docs/protocol/relay.md) to a bounded command. What doesn't fit is refused with
 * a code and a remedy, and nothing of it is kept. Refuses to know: what exists, who asks. */
#ifndef RELAY_CONTROL_PARSE_H
#define RELAY_CONTROL_PARSE_H

#include "relay/room/command.h"

#define RELAY_REQUEST_MAX      (60 * 1024) /* bytes, docs/protocol/relay.md */
#define RELAY_JSON_DEPTH_MAX   16
#define RELAY_EXTENSIONS_MAX   32 /* entries of headerExtensions; Chromium offers 18 */
#define RELAY_FINGERPRINTS_MAX 8

struct relay_error {
    int code; /* an sq_error */
    char message[RELAY_MESSAGE_MAX];
};

/* `text` need not end in zero. 0, or the code, with *error filled and *out undefined. */
int relay_parse_request(struct relay_command *out, const char *text, size_t len_bytes,
                        struct relay_error *error);

/* The snapshot's "after" is put into out->room. */

/* "transport.create" and so on. Static storage. */
const char *relay_method_name(enum relay_command_type type);

#endif
