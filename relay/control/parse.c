/* SPDX-License-Identifier: Apache-2.0 */
/* One table of methods with the parameters that each needs; one small reader per parameter.
 * Refuses to know: what exists, who asks. */
#include "relay/control/parse.h"
#include "relay/control/parse_media.h"
#include "shanqiao/error.h"
#include <string.h>

enum {
    NEED_ROOM = 1,
    NEED_TRANSPORT = 2,
    NEED_PRODUCER = 4,
    NEED_CONSUMER = 8,
    HAS_PROFILES = 16,
    NEED_DTLS = 32,
    NEED_PRODUCER_MEDIA = 64,
    NEED_CONSUMER_MEDIA = 128,
    HAS_LAYERS = 256,  /* preferredLayers, optional */
    NEED_LAYERS = 512, /* spatialLayer, temporalLayer? in params itself */
    HAS_PAUSED = 1024,
    HAS_AFTER = 2048,
};

struct method {
    const char *name;
    unsigned needs;
};

static const struct method methods[RELAY_COMMAND_COUNT] = {
    [RELAY_ROOM_CREATE] = {"room.create", NEED_ROOM},
    [RELAY_ROOM_CLOSE] = {"room.close", NEED_ROOM},
    [RELAY_TRANSPORT_CREATE] = {"transport.create", NEED_ROOM | NEED_TRANSPORT | HAS_PROFILES},
    [RELAY_TRANSPORT_CONNECT] = {"transport.connect", NEED_TRANSPORT | NEED_DTLS},
    [RELAY_TRANSPORT_RESTART_ICE] = {"transport.restartIce", NEED_TRANSPORT},
    [RELAY_TRANSPORT_CLOSE] = {"transport.close", NEED_TRANSPORT},
    [RELAY_PRODUCER_CREATE] = {"producer.create",
                               NEED_TRANSPORT | NEED_PRODUCER | NEED_PRODUCER_MEDIA | HAS_PAUSED},
    [RELAY_PRODUCER_PAUSE] = {"producer.pause", NEED_PRODUCER},
    [RELAY_PRODUCER_RESUME] = {"producer.resume", NEED_PRODUCER},
    [RELAY_PRODUCER_CLOSE] = {"producer.close", NEED_PRODUCER},
    [RELAY_CONSUMER_CREATE] = {"consumer.create", NEED_TRANSPORT | NEED_CONSUMER | NEED_PRODUCER |
                                                      NEED_CONSUMER_MEDIA | HAS_PAUSED |
                                                      HAS_LAYERS},
    [RELAY_CONSUMER_PAUSE] = {"consumer.pause", NEED_CONSUMER},
    [RELAY_CONSUMER_RESUME] = {"consumer.resume", NEED_CONSUMER},
    [RELAY_CONSUMER_CLOSE] = {"consumer.close", NEED_CONSUMER},
    [RELAY_CONSUMER_SET_LAYERS] = {"consumer.setPreferredLayers", NEED_CONSUMER | NEED_LAYERS},
    [RELAY_SNAPSHOT] = {"snapshot", HAS_AFTER},
    [RELAY_STATS] = {"stats", NEED_ROOM},
};

const char *relay_method_name(enum relay_command_type type)
{
    return (size_t)type < RELAY_COMMAND_COUNT ? methods[type].name : "unknown";
}

/* jansson recurses; the depth is looked at before it may. */
static bool shallow(const char *text, size_t len_bytes)
{
    size_t depth = 0;
    bool quoted = false;
    for (size_t i = 0; i < len_bytes; i++) {
        char c = text[i];
        if (quoted && c == '\\')
            i++;
        else if (c == '"')
            quoted = !quoted;
        else if (!quoted && (c == '{' || c == '['))
            depth++;
        else if (!quoted && (c == '}' || c == ']') && depth > 0)
            depth--;
        if (depth > RELAY_JSON_DEPTH_MAX)
            return false;
    }
    return true;
}

static int read_id(const json_t *params, const char *name, char out[RELAY_ID_MAX], bool needed,
                   struct relay_error *error)
{
    static const char allowed[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
    const json_t *value = json_object_get(params, name);
    if (!value && !needed)
        return 0;
    const char *text = json_string_value(value);
    size_t len = text ? json_string_length(value) : 0;
    if (len == 0 || len >= RELAY_ID_MAX || strspn(text, allowed) != len)
        return relay_error_set(error, SQ_ERR_INVALID,
                               "%s must be an id of 1..39 letters, digits, _ or -", name);
    memcpy(out, text, len + 1);
    return 0;
}

static int read_profiles(struct relay_command *out, const json_t *params, struct relay_error *error)
{
    const json_t *list = json_object_get(params, "profiles");
    const json_t *tcp = json_object_get(params, "tcp");
    out->profiles[0] = SRTP_PROFILE_AEAD_AES_128_GCM;
    out->profiles[1] = SRTP_PROFILE_AES_CM_128_HMAC_SHA1_80;
    out->profile_count = 2;
    out->tcp = json_is_true(tcp);
    if (tcp && !json_is_boolean(tcp))
        return relay_error_set(error, SQ_ERR_INVALID, "tcp must be true or false");
    if (!list)
        return 0;
    size_t count = json_array_size(list);
    if (count == 0 || count > SRTP_PROFILE_COUNT)
        return relay_error_set(error, SQ_ERR_INVALID, "profiles must be a list of 1..%d names",
                               SRTP_PROFILE_COUNT);
    out->profile_count = 0;
    for (size_t i = 0; i < count; i++) {
        const char *name = json_string_value(json_array_get(list, i));
        enum srtp_profile p = name ? srtp_profile_parse(name) : SRTP_PROFILE_NONE;
        for (size_t k = 0; k < out->profile_count; k++)
            if (out->profiles[k] == p)
                return relay_error_set(error, SQ_ERR_INVALID, "a profile twice; name each once");
        if (p == SRTP_PROFILE_NONE)
            return relay_error_set(error, SQ_ERR_UNSUPPORTED,
                                   "unknown SRTP profile; use AEAD_AES_128_GCM or "
                                   "AES_CM_128_HMAC_SHA1_80");
        out->profiles[out->profile_count++] = p;
    }
    return 0;
}

static int read_layer(const json_t *value, const char *name, uint8_t *out,
                      struct relay_error *error)
{
    if (!value || json_is_null(value))
        return 0;
    if (!json_is_integer(value) || json_integer_value(value) < 0 || json_integer_value(value) > 7)
        return relay_error_set(error, SQ_ERR_INVALID, "%s must be 0..7", name);
    *out = (uint8_t)json_integer_value(value);
    return 0;
}

static int read_layers(struct relay_layers *out, const json_t *from, bool needed,
                       struct relay_error *error)
{
    if (needed && !json_is_integer(json_object_get(from, "spatialLayer")))
        return relay_error_set(error, SQ_ERR_INVALID, "spatialLayer must be 0..7");
    int code =
        read_layer(json_object_get(from, "spatialLayer"), "spatialLayer", &out->spatial, error);
    return code ? code
                : read_layer(json_object_get(from, "temporalLayer"), "temporalLayer",
                             &out->temporal, error);
}

static int read_producer_media(struct relay_command *out, const json_t *params,
                               struct relay_error *error)
{
    const char *kind = json_string_value(json_object_get(params, "kind"));
    if (!kind || (strcmp(kind, "audio") != 0 && strcmp(kind, "video") != 0))
        return relay_error_set(error, SQ_ERR_INVALID, "kind must be audio or video");
    return relay_parse_rtp_parameters(&out->media, json_object_get(params, "rtpParameters"),
                                      RELAY_SIDE_PRODUCER, kind, error);
}

static int read_ids(struct relay_command *out, unsigned needs, const json_t *params,
                    struct relay_error *error)
{
    int code = 0;
    if (needs & (NEED_ROOM | HAS_AFTER))
        code = read_id(params, needs & HAS_AFTER ? "after" : "room", out->room, needs & NEED_ROOM,
                       error);
    if (!code && needs & NEED_TRANSPORT)
        code = read_id(params, "transport", out->transport, true, error);
    if (!code && needs & NEED_PRODUCER)
        code = read_id(params, "producer", out->producer, true, error);
    if (!code && needs & NEED_CONSUMER)
        code = read_id(params, "consumer", out->consumer, true, error);
    return code;
}

static int read_params(struct relay_command *out, unsigned needs, const json_t *params,
                       struct relay_error *error)
{
    const json_t *paused = json_object_get(params, "paused");
    int code = read_ids(out, needs, params, error);
    out->layers = (struct relay_layers){RELAY_LAYER_ANY, RELAY_LAYER_ANY};
    if (!code && needs & HAS_PROFILES)
        code = read_profiles(out, params, error);
    if (!code && needs & NEED_DTLS)
        code = relay_parse_dtls_parameters(&out->fingerprint,
                                           json_object_get(params, "dtlsParameters"), error);
    if (!code && needs & NEED_PRODUCER_MEDIA)
        code = read_producer_media(out, params, error);
    if (!code && needs & NEED_CONSUMER_MEDIA)
        code = relay_parse_rtp_parameters(&out->media, json_object_get(params, "rtpParameters"),
                                          RELAY_SIDE_CONSUMER, NULL, error);
    if (!code && needs & HAS_LAYERS)
        code = read_layers(&out->layers, json_object_get(params, "preferredLayers"), false, error);
    if (!code && needs & NEED_LAYERS)
        code = read_layers(&out->layers, params, true, error);
    if (!code && needs & HAS_PAUSED && paused && !json_is_boolean(paused))
        code = relay_error_set(error, SQ_ERR_INVALID, "paused must be true or false");
    out->paused = json_is_true(paused);
    return code;
}

static int read_request(struct relay_command *out, const json_t *json, struct relay_error *error)
{
    const char *name = json_string_value(json_object_get(json, "method"));
    const json_t *params = json_object_get(json, "params");
    const json_t *version = json_object_get(json, "v");
    if (!json_is_integer(version) || json_integer_value(version) != 1)
        return relay_error_set(error, SQ_ERR_UNSUPPORTED, "v must be 1; update one of the nodes");
    if (!name)
        return relay_error_set(error, SQ_ERR_INVALID, "method must be a text");
    if (params && !json_is_object(params))
        return relay_error_set(error, SQ_ERR_INVALID, "params must be an object");
    for (size_t i = 0; i < RELAY_COMMAND_COUNT; i++) {
        if (strcmp(methods[i].name, name) != 0)
            continue;
        out->type = (enum relay_command_type)i;
        return read_params(out, methods[i].needs, params, error);
    }
    return relay_error_set(error, SQ_ERR_UNSUPPORTED, "unknown method; see docs/protocol/relay.md");
}

int relay_parse_request(struct relay_command *out, const char *text, size_t len_bytes,
                        struct relay_error *error)
{
    json_error_t where;
    memset(out, 0, sizeof *out);
    if (len_bytes > RELAY_REQUEST_MAX)
        return relay_error_set(error, SQ_ERR_LIMIT, "a request may have %d bytes",
                               RELAY_REQUEST_MAX);
    if (!shallow(text, len_bytes))
        return relay_error_set(error, SQ_ERR_LIMIT, "a request may be %d levels deep",
                               RELAY_JSON_DEPTH_MAX);
    json_t *json = json_loadb(text, len_bytes, JSON_REJECT_DUPLICATES, &where);
    if (!json)
        return relay_error_set(error, SQ_ERR_INVALID, "no JSON: line %d column %d", where.line,
                               where.column);
    int code = json_is_object(json)
                   ? read_request(out, json, error)
                   : relay_error_set(error, SQ_ERR_INVALID, "a request must be an object");
    json_decref(json);
    return code;
}
