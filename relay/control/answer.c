/* SPDX-License-Identifier: Apache-2.0 */
/* Values to JSON. Refuses to know: who gets it. */
#include "relay/control/answer.h"
#include "shanqiao/error.h"
#include <stdlib.h>
#include <string.h>

/* A snapshot's text stays under a frame of 60 KiB. */
#define SNAPSHOT_TEXT_MAX (56 * 1024)

json_t *answer_ice_parameters(const struct ice_credentials *credentials)
{
    return json_pack("{s:s, s:s, s:b}", "usernameFragment", credentials->ufrag, "password",
                     credentials->pwd, "iceLite", 1);
}

static json_t *candidate(const struct net_address *announce, uint16_t port, uint8_t protocol,
                         size_t index)
{
    char ip[NET_ADDRESS_TEXT_MAX];
    struct net_address address = *announce;
    struct ice_candidate c;
    address.port = port;
    ice_candidate_host(&c, protocol, &address, index);
    net_address_format(&address, false, ip);
    json_t *json =
        json_pack("{s:s, s:I, s:s, s:s, s:s, s:i, s:s}", "foundation", c.foundation, "priority",
                  (json_int_t)c.priority, "ip", ip, "address", ip, "protocol",
                  protocol == NET_TCP ? "tcp" : "udp", "port", (int)port, "type", "host");
    if (json && protocol == NET_TCP)
        json_object_set_new(json, "tcpType", json_string("passive"));
    return json;
}

json_t *answer_ice_candidates(const struct control_config *config, int worker, bool tcp)
{
    json_t *list = json_array();
    uint16_t port = config->ports[worker];
    for (size_t i = 0; i < config->announce_count; i++)
        json_array_append_new(list, candidate(&config->announce[i], port, NET_UDP, i));
    for (size_t i = 0; i < config->announce_count && tcp && !config->udp_only; i++)
        json_array_append_new(list, candidate(&config->announce[i], port, NET_TCP, i));
    return list;
}

json_t *answer_dtls_parameters(const struct dtls_fingerprint *fingerprint)
{
    char text[DTLS_FINGERPRINT_TEXT_MAX];
    return json_pack("{s:s, s:[{s:s, s:s}]}", "role", "server", "fingerprints", "algorithm",
                     dtls_fingerprint_algorithm_name(fingerprint->algorithm), "value",
                     dtls_fingerprint_format(fingerprint, text));
}

static json_t *transport_stats_json(const struct relay_transport_stats *t)
{
    const struct transport_stats *s = &t->stats;
    bool known = s->srtp_profile != SRTP_PROFILE_NONE;
    return json_pack(
        "{s:s, s:s, s:f, s:o, s:s, s:I, s:I, s:I, s:I, s:I, s:I}", "transport", t->id, "state",
        transport_state_name(t->state), "rttMs", (double)s->rtt_us / 1000.0, "srtpProfile",
        known ? json_string(srtp_profile_name(s->srtp_profile)) : json_null(), "protocol",
        s->tuple.protocol == NET_TCP ? "tcp" : "udp", "bytesSent", (json_int_t)s->bytes_sent,
        "bytesReceived", (json_int_t)s->bytes_received, "packetsSent", (json_int_t)s->packets_sent,
        "packetsReceived", (json_int_t)s->packets_received, "estimateBps",
        (json_int_t)s->estimate_bps, "dropped",
        (json_int_t)(s->dropped_unvalidated + s->dropped_forged + s->dropped_replayed +
                     s->dropped_malformed));
}

static json_t *stream_stats_json(const char *name, const struct relay_stream_stats *s)
{
    return json_pack("{s:s, s:b, s:I, s:I, s:I, s:I, s:I, s:I}", name, s->id, "paused",
                     (int)s->paused, "packets", (json_int_t)s->packets, "bytes",
                     (json_int_t)s->bytes, "lost", (json_int_t)s->lost, "nacks",
                     (json_int_t)s->nacks, "resent", (json_int_t)s->resent, "keyFrameRequests",
                     (json_int_t)s->key_frame_requests);
}

json_t *answer_stats(const struct relay_room_stats *stats)
{
    json_t *transports = json_array(), *producers = json_array(), *consumers = json_array();
    for (size_t i = 0; i < stats->transport_count; i++)
        json_array_append_new(transports, transport_stats_json(&stats->transports[i]));
    for (size_t i = 0; i < stats->producer_count; i++)
        json_array_append_new(producers, stream_stats_json("producer", &stats->producers[i]));
    for (size_t i = 0; i < stats->consumer_count; i++)
        json_array_append_new(consumers, stream_stats_json("consumer", &stats->consumers[i]));
    return json_pack("{s:o, s:o, s:o}", "transports", transports, "producers", producers,
                     "consumers", consumers);
}

static json_t *room_json(const struct registry *r, const struct registry_entry *room)
{
    const struct registry_entry *e = NULL;
    json_t *transports = json_array(), *producers = json_array(), *consumers = json_array();
    while ((e = registry_next(r, REGISTRY_TRANSPORT, room, e)))
        json_array_append_new(transports, json_pack("{s:s, s:s}", "transport", e->id, "state",
                                                    transport_state_name(e->state)));
    while ((e = registry_next(r, REGISTRY_PRODUCER, room, e)))
        json_array_append_new(producers,
                              json_pack("{s:s, s:s, s:b}", "producer", e->id, "transport",
                                        e->parent->id, "paused", (int)e->paused));
    while ((e = registry_next(r, REGISTRY_CONSUMER, room, e)))
        json_array_append_new(consumers, json_pack("{s:s, s:s, s:s, s:b}", "consumer", e->id,
                                                   "transport", e->parent->id, "producer",
                                                   e->producer->id, "paused", (int)e->paused));
    return json_pack("{s:s, s:o, s:o, s:o}", "room", room->id, "transports", transports,
                     "producers", producers, "consumers", consumers);
}

static size_t text_len(const json_t *json)
{
    return json ? json_dumpb(json, NULL, 0, JSON_COMPACT) : 0;
}

json_t *answer_snapshot(const struct registry *r, const struct control_config *config,
                        uint64_t revision, const char *after)
{
    size_t capacity = registry_count(r, REGISTRY_ROOM), used = 0, i = 0;
    const struct registry_entry **rooms = calloc(capacity + 1, sizeof *rooms);
    json_t *list = json_array();
    if (!rooms || !list) {
        free(rooms);
        json_decref(list);
        return NULL;
    }
    size_t count = registry_rooms(r, after, rooms, capacity);
    for (; i < count; i++) {
        json_t *room = room_json(r, rooms[i]);
        size_t len = text_len(room) + 1;
        if (i > 0 && used + len > SNAPSHOT_TEXT_MAX) {
            json_decref(room);
            break;
        }
        used += len;
        json_array_append_new(list, room);
    }
    free(rooms);
    json_t *json = json_pack("{s:s, s:I, s:o}", "boot", config->boot, "revision",
                             (json_int_t)revision, "rooms", list);
    if (json && i < count)
        json_object_set_new(json, "more", json_true());
    return json;
}

char *answer_result(json_t *result)
{
    json_t *json = result ? json_pack("{s:i, s:o}", "v", 1, "result", result) : NULL;
    char *text = json ? json_dumps(json, JSON_COMPACT) : NULL;
    json_decref(json);
    return text;
}

char *answer_error(int code, const char *message)
{
    json_t *json = json_pack("{s:i, s:{s:s, s:s}}", "v", 1, "error", "code", sq_error_name(code),
                             "message", message);
    char *text = json ? json_dumps(json, JSON_COMPACT) : NULL;
    json_decref(json);
    return text;
}
