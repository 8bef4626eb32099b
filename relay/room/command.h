/* SPDX-License-Identifier: Apache-2.0 */
/* What control asks of a worker and what comes back, as plain bounded values that cross threads by
 * copy. Every command is idempotent: making what is there gives the same reply, closing what is not
 * there succeeds. Refuses to know: JSON, cluster frames. */
#ifndef RELAY_ROOM_COMMAND_H
#define RELAY_ROOM_COMMAND_H

#include "relay/forward/media.h"
#include "rtc/dtls/dtls.h"
#include "rtc/ice/ice.h"
#include "rtc/srtp/srtp.h"
#include "rtc/transport/transport.h"

#define RELAY_ID_MAX      40  /* bytes of an id, final zero included (docs/protocol/relay.md) */
#define RELAY_MESSAGE_MAX 160 /* bytes of an error's explanation */
#define RELAY_LAYER_ANY   255 /* no wish: the highest there is */

enum relay_command_type {
    RELAY_ROOM_CREATE = 0,
    RELAY_ROOM_CLOSE,
    RELAY_TRANSPORT_CREATE,
    RELAY_TRANSPORT_CONNECT,
    RELAY_TRANSPORT_RESTART_ICE,
    RELAY_TRANSPORT_CLOSE,
    RELAY_PRODUCER_CREATE,
    RELAY_PRODUCER_PAUSE,
    RELAY_PRODUCER_RESUME,
    RELAY_PRODUCER_CLOSE,
    RELAY_CONSUMER_CREATE,
    RELAY_CONSUMER_PAUSE,
    RELAY_CONSUMER_RESUME,
    RELAY_CONSUMER_CLOSE,
    RELAY_CONSUMER_SET_LAYERS,
    RELAY_SNAPSHOT, /* answered by control itself */
    RELAY_STATS,
    RELAY_COMMAND_COUNT
};

struct relay_layers {
    uint8_t spatial;  /* 0 lowest .. , RELAY_LAYER_ANY */
    uint8_t temporal; /* 0 lowest .. , RELAY_LAYER_ANY */
};

struct relay_command {
    enum relay_command_type type;
    uint64_t ticket; /* control's, given back in the reply */
    char room[RELAY_ID_MAX];
    char transport[RELAY_ID_MAX];
    char producer[RELAY_ID_MAX];
    char consumer[RELAY_ID_MAX];
    enum srtp_profile profiles[SRTP_PROFILE_COUNT]; /* transport.create, in order of preference */
    size_t profile_count;
    bool tcp;                            /* transport.create: TCP candidates wanted too */
    struct dtls_fingerprint fingerprint; /* transport.connect */
    struct media_parameters media;       /* producer.create, consumer.create */
    struct relay_layers layers;          /* consumer.create, consumer.setPreferredLayers */
    bool paused;                         /* producer.create, consumer.create */
};

struct relay_stream_stats {
    char id[RELAY_ID_MAX]; /* of the producer or consumer */
    uint64_t packets, bytes, lost, nacks, resent, key_frame_requests;
    bool paused;
};

struct relay_transport_stats {
    char id[RELAY_ID_MAX];
    struct transport_stats stats;
    enum transport_state state;
};

/* On the heap: made by the worker for RELAY_STATS, freed (free) by whoever takes the reply. */
struct relay_room_stats {
    size_t transport_count, producer_count, consumer_count;
    struct relay_transport_stats *transports; /* these three point into the same block */
    struct relay_stream_stats *producers;
    struct relay_stream_stats *consumers;
};

struct relay_reply {
    enum relay_command_type type;
    uint64_t ticket;
    int error;                           /* 0 or an sq_error */
    char message[RELAY_MESSAGE_MAX];     /* what to do about the error */
    struct ice_credentials ice;          /* transport.create, transport.restartIce */
    struct dtls_fingerprint fingerprint; /* transport.create */
    bool tcp;                            /* transport.create: as it was made */
    struct relay_room_stats *stats;      /* stats: owned by the receiver; NULL else */
};

/* A transport changed its state. */
struct relay_event {
    char room[RELAY_ID_MAX];
    char transport[RELAY_ID_MAX];
    enum transport_state state;
    enum srtp_profile profile;
    uint8_t protocol; /* enum net_protocol of the selected path */
};

#endif
