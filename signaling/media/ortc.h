/* SPDX-License-Identifier: Apache-2.0 */
/* Which codecs and header extensions go between a producer and a consumer: the rules of ORTC as
 * mediasoup-client expects them. Pure functions over its JSON shapes (RtpCapabilities,
 * RtpParameters). Refuses to know rooms, transports and SDP. */
#ifndef SIGNALING_MEDIA_ORTC_H
#define SIGNALING_MEDIA_ORTC_H

#include <jansson.h>
#include <stdint.h>

#define ORTC_CODECS_MAX                                                                            \
    16 /* Chromium's sender offers one codec and its rtx; a native terminal a few */
#define ORTC_ENCODINGS_MAX  4
#define ORTC_EXTENSIONS_MAX 14 /* one-byte header extension ids (RFC 8285 section 4.2) */

/* RtpCapabilities of every room: new reference, NULL when memory is used up. Payload types 100 to
 * 107: 127 and SSRC 1234 are taken by mediasoup-client's probator. */
json_t *ortc_router_capabilities(void);

/* Are these RtpParameters (shape checked by the schema) a stream that we forward: one supported
 * codec first, rtx that names it, distinct payload types, extension ids and SSRCs? 0,
 * SQ_ERR_INVALID, SQ_ERR_UNSUPPORTED, with the reason in English (literal) in *why. */
int ortc_check_producer(const char *kind, const json_t *rtp_parameters, const char **why);

/* The producer's stream in the room's own payload types and extension ids: {codecs,
 * headerExtensions}. New reference or NULL (memory). Only for parameters that passed
 * ortc_check_producer. */
json_t *ortc_consumable(const char *kind, const json_t *rtp_parameters);

struct ortc_consumer {
    const char *mid;
    const char *cname;
    uint32_t ssrc;
    uint32_t rtx_ssrc; /* used when the receiver can rtx */
};

/* RtpParameters as the receiver with these RtpCapabilities shall see them: new reference in *out.
 * 0, SQ_ERR_UNSUPPORTED (no codec in common), SQ_ERR_NOMEM. */
int ortc_consumer_parameters(const char *kind, const json_t *consumable,
                             const json_t *rtp_capabilities, const struct ortc_consumer *with,
                             json_t **out);

/* A random SSRC that is neither 0 nor the probator's. */
uint32_t ortc_new_ssrc(void);

#endif
