/* SPDX-License-Identifier: Apache-2.0 */
/* The one message with which a native terminal joins a room (`media.join`), in the JSON shapes of
 * mediasoup-client: builds its params, reads its result and the consumers that come later. Checks
 * everything that the server says. Refuses to know: signalling, sockets, codecs' insides. */
#ifndef CLIENT_LIB_SESSION_JOIN_H
#define CLIENT_LIB_SESSION_JOIN_H

#include "rtc/dtls/dtls.h"
#include "rtc/ice/ice.h"
#include "rtc/srtp/srtp.h"
#include <jansson.h>
#include <shanqiao/client.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define JOIN_ID_MAX        64
#define JOIN_CONSUMERS_MAX 16

/* Payload types and extension ids that we send with; the relay maps them per transport. 127 is
 * taken (DESIGN 3). */
#define JOIN_PT_OPUS          111
#define JOIN_PT_VP8           96
#define JOIN_PT_VP8_RTX       97
#define JOIN_PT_VP9           98
#define JOIN_PT_VP9_RTX       99
#define JOIN_EXT_TRANSPORT_CC 3

struct join_producer { /* a local track, as the wire sees it */
    enum sq_kind kind;
    enum sq_source source;
    enum sq_codec codec;
    uint32_t ssrc, rtx_ssrc; /* rtx_ssrc 0: no retransmission stream (audio) */
    uint32_t max_bps;
    bool dtx;
};

struct join_offer {
    const char *room;
    const char *cname;
    const struct dtls_identity *identity;
    const struct join_producer *producers;
    size_t producer_count;
    const enum srtp_profile *profiles; /* in order of preference */
    size_t profile_count;
};

/* A new reference, or NULL without memory. */
json_t *join_build(const struct join_offer *offer);

struct join_consumer {
    char id[JOIN_ID_MAX], producer_id[JOIN_ID_MAX], participant[JOIN_ID_MAX];
    enum sq_kind kind;
    enum sq_source source;
    enum sq_codec codec;
    uint32_t ssrc, rtx_ssrc; /* rtx_ssrc 0: none */
    uint8_t payload_type, rtx_payload_type;
    uint8_t transport_cc; /* extension id, 0: none */
    bool nack, paused;
};

struct join_answer {
    char transport_id[JOIN_ID_MAX];
    struct ice_credentials remote;
    struct ice_candidate candidates[ICE_CANDIDATES_MAX];
    size_t candidate_count;
    struct dtls_fingerprint fingerprint;
    char producer_ids[SQ_TRACKS_MAX][JOIN_ID_MAX]; /* in the order of the offer */
    size_t producer_count;
    struct join_consumer consumers[JOIN_CONSUMERS_MAX];
    size_t consumer_count;
};

/* 0; SQ_ERR_INVALID; SQ_ERR_UNSUPPORTED (no fingerprint or candidate that we can use). Consumers of
 * codecs that we do not have, and candidates that are names, are left out. */
int join_parse(struct join_answer *out, const json_t *result);
int join_parse_consumer(struct join_consumer *out, const json_t *consumer);
/* iceParameters of a join or a restart. */
int join_parse_ice(struct ice_credentials *out, const json_t *parameters);

const char *join_source_name(enum sq_source source);

#endif
