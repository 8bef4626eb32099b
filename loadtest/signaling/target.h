/* SPDX-License-Identifier: Apache-2.0 */
/* Which server is loaded: wss://address[:port]/path, by address, so that what is checked is what is
 * reached. A load test of somebody else's machine by a slip of the hand is refused here. */
#ifndef LOADTEST_SIGNALING_TARGET_H
#define LOADTEST_SIGNALING_TARGET_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#define TARGET_TEXT_MAX 256

struct target {
    struct sockaddr_storage address;
    socklen_t address_bytes;
    char host[TARGET_TEXT_MAX];           /* as the certificate names it */
    char host_port[TARGET_TEXT_MAX + 10]; /* for the Host header */
    char path[TARGET_TEXT_MAX];
};

/* 0; SQ_ERR_INVALID: no such URL; SQ_ERR_DENIED: not 127.0.0.0/8 or [::1], and `anywhere` is false;
 * SQ_ERR_UNREACHABLE: a name without an address (names are looked up with `anywhere` alone). */
int target_parse(struct target *out, const char *url, bool anywhere);

#endif
