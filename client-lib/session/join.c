/* SPDX-License-Identifier: Apache-2.0 */
/* See join.h. */
#include "client-lib/session/join.h"

#include "rtc/rtp/rtp.h"
#include <stdio.h>
#include <string.h>
#include <strings.h>

static const char *const SOURCES[] = {"microphone", "camera", "examination"};

const char *join_source_name(enum sq_source source)
{
    return SOURCES[source];
}

static const char *kind_name(enum sq_kind kind)
{
    return kind == SQ_AUDIO ? "audio" : "video";
}

/* ---- building ---- */

struct codec_shape {
    enum sq_codec codec;
    enum sq_kind kind;
    const char *mime;
    int payload_type, rtx_payload_type;
};

static const struct codec_shape SHAPES[] = {
    {SQ_CODEC_OPUS, SQ_AUDIO, "audio/opus", JOIN_PT_OPUS, 0},
    {SQ_CODEC_VP8, SQ_VIDEO, "video/VP8", JOIN_PT_VP8, JOIN_PT_VP8_RTX},
    {SQ_CODEC_VP9, SQ_VIDEO, "video/VP9", JOIN_PT_VP9, JOIN_PT_VP9_RTX},
};
#define SHAPE_COUNT (sizeof(SHAPES) / sizeof(SHAPES[0]))

/* Takes value. Out of memory *array becomes NULL and stays so, so that json_pack refuses it: an
 * offer that lacks something is not sent. */
static void append(json_t **array, json_t *value)
{
    if (*array && json_array_append_new(*array, value) == 0)
        return;
    if (!*array)
        json_decref(value);
    json_decref(*array);
    *array = NULL;
}

/* The same for a member of an object. */
static void set(json_t **object, const char *key, json_t *value)
{
    if (*object && json_object_set_new(*object, key, value) == 0)
        return;
    if (!*object)
        json_decref(value);
    json_decref(*object);
    *object = NULL;
}

static json_t *feedback(enum sq_kind kind)
{
    if (kind == SQ_AUDIO)
        return json_pack("[{s:s}]", "type", "transport-cc");
    return json_pack("[{s:s}, {s:s, s:s}, {s:s, s:s}, {s:s}]", "type", "nack", "type", "nack",
                     "parameter", "pli", "type", "ccm", "parameter", "fir", "type", "transport-cc");
}

static json_t *codec_parameters(const struct codec_shape *shape, bool dtx)
{
    if (shape->codec == SQ_CODEC_VP9)
        return json_pack("{s:i}", "profile-id", 0);
    if (shape->codec == SQ_CODEC_VP8)
        return json_object();
    return json_pack("{s:i, s:i, s:i}", "minptime", 10, "useinbandfec", 0, "usedtx", dtx ? 1 : 0);
}

/* `type_key` is preferredPayloadType in capabilities and payloadType in parameters. */
static json_t *codec_entry(const struct codec_shape *shape, const char *type_key, bool dtx)
{
    json_t *entry = json_pack("{s:s, s:s, s:i, s:i, s:o, s:o}", "kind", kind_name(shape->kind),
                              "mimeType", shape->mime, type_key, shape->payload_type, "clockRate",
                              shape->kind == SQ_AUDIO ? 48000 : 90000, "parameters",
                              codec_parameters(shape, dtx), "rtcpFeedback", feedback(shape->kind));
    if (entry && shape->kind == SQ_AUDIO)
        set(&entry, "channels", json_integer(2)); /* RFC 7587 section 7: always 2 */
    return entry;
}

static json_t *rtx_entry(const struct codec_shape *shape, const char *type_key)
{
    return json_pack("{s:s, s:s, s:i, s:i, s:{s:i}, s:[]}", "kind", "video", "mimeType",
                     "video/rtx", type_key, shape->rtx_payload_type, "clockRate", 90000,
                     "parameters", "apt", shape->payload_type, "rtcpFeedback");
}

static json_t *capabilities(void)
{
    json_t *codecs = json_array();
    for (size_t i = 0; i < SHAPE_COUNT; i++) {
        append(&codecs, codec_entry(&SHAPES[i], "preferredPayloadType", false));
        if (SHAPES[i].rtx_payload_type)
            append(&codecs, rtx_entry(&SHAPES[i], "preferredPayloadType"));
    }
    json_t *extensions = json_array();
    for (size_t i = 0; i < 2; i++)
        append(&extensions,
               json_pack("{s:s, s:s, s:i, s:b, s:s}", "kind", kind_name(i ? SQ_VIDEO : SQ_AUDIO),
                         "uri", RTP_URI_TRANSPORT_CC, "preferredId", JOIN_EXT_TRANSPORT_CC,
                         "preferredEncrypt", 0, "direction", "sendrecv"));
    return json_pack("{s:o, s:o}", "codecs", codecs, "headerExtensions", extensions);
}

/* In RtpParameters a codec has no `kind`. */
static json_t *without_kind(json_t *entry)
{
    json_object_del(entry, "kind");
    return entry;
}

static json_t *producer_parameters(const struct join_producer *p, const char *cname)
{
    const struct codec_shape *shape = &SHAPES[p->codec];
    json_t *codecs = json_array();
    append(&codecs, without_kind(codec_entry(shape, "payloadType", p->dtx)));
    json_t *encoding = json_pack("{s:I, s:b, s:I}", "ssrc", (json_int_t)p->ssrc, "dtx", p->dtx,
                                 "maxBitrate", (json_int_t)p->max_bps);
    if (p->rtx_ssrc) {
        append(&codecs, without_kind(rtx_entry(shape, "payloadType")));
        set(&encoding, "rtx", json_pack("{s:I}", "ssrc", (json_int_t)p->rtx_ssrc));
    }
    return json_pack("{s:o, s:[{s:s, s:i, s:b, s:{}}], s:[o], s:{s:s, s:b}}", "codecs", codecs,
                     "headerExtensions", "uri", RTP_URI_TRANSPORT_CC, "id", JOIN_EXT_TRANSPORT_CC,
                     "encrypt", 0, "parameters", "encodings", encoding, "rtcp", "cname", cname,
                     "reducedSize", 1);
}

static json_t *dtls_parameters(const struct dtls_identity *identity)
{
    struct dtls_fingerprint fingerprint;
    char text[DTLS_FINGERPRINT_TEXT_MAX];
    dtls_identity_fingerprint(identity, &fingerprint);
    return json_pack("{s:s, s:[{s:s, s:s}]}", "role", "client", "fingerprints", "algorithm",
                     dtls_fingerprint_algorithm_name(fingerprint.algorithm), "value",
                     dtls_fingerprint_format(&fingerprint, text));
}

json_t *join_build(const struct join_offer *offer)
{
    json_t *produce = json_array();
    for (size_t i = 0; i < offer->producer_count; i++) {
        const struct join_producer *p = &offer->producers[i];
        append(&produce, json_pack("{s:s, s:s, s:o}", "kind", kind_name(p->kind), "source",
                                   join_source_name(p->source), "rtpParameters",
                                   producer_parameters(p, offer->cname)));
    }
    json_t *profiles = json_array();
    for (size_t i = 0; i < offer->profile_count; i++)
        append(&profiles, json_string(srtp_profile_name(offer->profiles[i])));
    return json_pack("{s:s, s:o, s:o, s:o, s:o}", "room", offer->room, "rtpCapabilities",
                     capabilities(), "dtlsParameters", dtls_parameters(offer->identity), "profiles",
                     profiles, "produce", produce);
}

/* ---- reading ---- */

static bool get_id(char out[JOIN_ID_MAX], const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    size_t len = text ? strlen(text) : 0;
    if (len == 0 || len >= JOIN_ID_MAX)
        return false;
    memcpy(out, text, len + 1);
    return true;
}

static bool get_u32(uint32_t *out, const json_t *object, const char *key)
{
    json_t *value = json_object_get(object, key);
    json_int_t n = json_integer_value(value);
    if (!json_is_integer(value) || n < 0 || n > UINT32_MAX)
        return false;
    *out = (uint32_t)n;
    return true;
}

static bool get_u8(uint8_t *out, const json_t *object, const char *key, uint32_t max)
{
    uint32_t n = 0;
    if (!get_u32(&n, object, key) || n > max)
        return false;
    *out = (uint8_t)n;
    return true;
}

static bool get_kind(enum sq_kind *out, const json_t *object)
{
    const char *text = json_string_value(json_object_get(object, "kind"));
    if (!text || (strcmp(text, "audio") != 0 && strcmp(text, "video") != 0))
        return false;
    *out = strcmp(text, "audio") == 0 ? SQ_AUDIO : SQ_VIDEO;
    return true;
}

static bool get_source(enum sq_source *out, const json_t *object)
{
    const char *text = json_string_value(json_object_get(object, "source"));
    for (int i = 0; text && i < 3; i++) {
        if (strcmp(text, SOURCES[i]) == 0) {
            *out = (enum sq_source)i;
            return true;
        }
    }
    return false;
}

static const struct codec_shape *shape_of(const char *mime)
{
    for (size_t i = 0; mime && i < SHAPE_COUNT; i++)
        if (strcasecmp(mime, SHAPES[i].mime) == 0)
            return &SHAPES[i];
    return NULL;
}

static bool has_nack(const json_t *codec)
{
    size_t i;
    json_t *entry;
    json_array_foreach(json_object_get(codec, "rtcpFeedback"), i, entry)
    {
        const char *type = json_string_value(json_object_get(entry, "type"));
        const char *parameter = json_string_value(json_object_get(entry, "parameter"));
        if (type && strcmp(type, "nack") == 0 && (!parameter || !*parameter))
            return true;
    }
    return false;
}

static int read_codecs(struct join_consumer *out, const json_t *codecs)
{
    const json_t *first = json_array_get(codecs, 0);
    const struct codec_shape *shape =
        shape_of(json_string_value(json_object_get(first, "mimeType")));
    if (!shape || shape->kind != out->kind)
        return SQ_ERR_UNSUPPORTED;
    if (!get_u8(&out->payload_type, first, "payloadType", RTP_PAYLOAD_TYPE_MAX))
        return SQ_ERR_INVALID;
    out->codec = shape->codec;
    out->nack = has_nack(first);
    size_t i;
    json_t *codec;
    json_array_foreach(codecs, i, codec)
    {
        const char *mime = json_string_value(json_object_get(codec, "mimeType"));
        uint32_t apt = 0;
        if (mime && strcasecmp(mime, "video/rtx") == 0 &&
            get_u32(&apt, json_object_get(codec, "parameters"), "apt") &&
            apt == out->payload_type &&
            !get_u8(&out->rtx_payload_type, codec, "payloadType", RTP_PAYLOAD_TYPE_MAX))
            return SQ_ERR_INVALID;
    }
    return 0;
}

static int read_encoding(struct join_consumer *out, const json_t *encodings)
{
    const json_t *first = json_array_get(encodings, 0);
    if (!get_u32(&out->ssrc, first, "ssrc") || out->ssrc == 0)
        return SQ_ERR_INVALID;
    json_t *rtx = json_object_get(first, "rtx");
    if (rtx && !get_u32(&out->rtx_ssrc, rtx, "ssrc"))
        return SQ_ERR_INVALID;
    if (out->rtx_payload_type == 0)
        out->rtx_ssrc = 0;
    return 0;
}

static void read_extensions(struct join_consumer *out, const json_t *extensions)
{
    size_t i;
    json_t *extension;
    json_array_foreach(extensions, i, extension)
    {
        const char *uri = json_string_value(json_object_get(extension, "uri"));
        if (rtp_extension_from_uri(uri) == RTP_EXTENSION_TRANSPORT_CC)
            get_u8(&out->transport_cc, extension, "id", RTP_ONE_BYTE_ID_MAX);
    }
}

int join_parse_consumer(struct join_consumer *out, const json_t *consumer)
{
    *out = (struct join_consumer){0};
    if (!get_id(out->id, consumer, "id") || !get_id(out->producer_id, consumer, "producerId") ||
        !get_id(out->participant, consumer, "participantId") || !get_kind(&out->kind, consumer) ||
        !get_source(&out->source, consumer))
        return SQ_ERR_INVALID;
    out->paused = json_is_true(json_object_get(consumer, "paused"));
    json_t *parameters = json_object_get(consumer, "rtpParameters");
    int err = read_codecs(out, json_object_get(parameters, "codecs"));
    if (!err)
        err = read_encoding(out, json_object_get(parameters, "encodings"));
    read_extensions(out, json_object_get(parameters, "headerExtensions"));
    return err;
}

int join_parse_ice(struct ice_credentials *out, const json_t *parameters)
{
    const char *ufrag = json_string_value(json_object_get(parameters, "usernameFragment"));
    const char *pwd = json_string_value(json_object_get(parameters, "password"));
    if (!ufrag || !pwd || strlen(ufrag) > ICE_UFRAG_MAX || strlen(pwd) > ICE_PWD_MAX)
        return SQ_ERR_INVALID;
    snprintf(out->ufrag, sizeof(out->ufrag), "%s", ufrag);
    snprintf(out->pwd, sizeof(out->pwd), "%s", pwd);
    return ice_credentials_valid(out) ? 0 : SQ_ERR_INVALID;
}

static bool read_candidate(struct ice_candidate *out, const json_t *candidate)
{
    const char *ip = json_string_value(json_object_get(candidate, "address"));
    if (!ip)
        ip = json_string_value(json_object_get(candidate, "ip"));
    const char *protocol = json_string_value(json_object_get(candidate, "protocol"));
    const char *foundation = json_string_value(json_object_get(candidate, "foundation"));
    uint32_t port = 0;
    *out = (struct ice_candidate){0};
    if (!ip || !protocol || !get_u32(&port, candidate, "port") || port == 0 || port > UINT16_MAX ||
        !get_u32(&out->priority, candidate, "priority"))
        return false;
    bool tcp = strcasecmp(protocol, "tcp") == 0;
    if (!tcp && strcasecmp(protocol, "udp") != 0)
        return false;
    out->protocol = tcp ? NET_TCP : NET_UDP;
    snprintf(out->foundation, sizeof(out->foundation), "%s", foundation ? foundation : "");
    return net_address_parse(&out->address, ip, (uint16_t)port) == 0;
}

static void read_candidates(struct join_answer *out, const json_t *candidates)
{
    size_t i;
    json_t *candidate;
    json_array_foreach(candidates, i, candidate)
    {
        if (out->candidate_count < ICE_CANDIDATES_MAX &&
            read_candidate(&out->candidates[out->candidate_count], candidate))
            out->candidate_count++;
    }
}

/* mediasoup's order: the last fingerprint is the strongest. */
static int read_fingerprint(struct dtls_fingerprint *out, const json_t *fingerprints)
{
    for (size_t i = json_array_size(fingerprints); i-- > 0;) {
        const json_t *entry = json_array_get(fingerprints, i);
        const char *algorithm = json_string_value(json_object_get(entry, "algorithm"));
        const char *value = json_string_value(json_object_get(entry, "value"));
        if (algorithm && value && dtls_fingerprint_parse(out, algorithm, value) == 0)
            return 0;
    }
    return SQ_ERR_UNSUPPORTED;
}

static int read_producers(struct join_answer *out, const json_t *producers)
{
    size_t i;
    json_t *producer;
    if (json_array_size(producers) > SQ_TRACKS_MAX)
        return SQ_ERR_INVALID;
    json_array_foreach(producers, i, producer)
    {
        if (!get_id(out->producer_ids[i], producer, "id"))
            return SQ_ERR_INVALID;
    }
    out->producer_count = json_array_size(producers);
    return 0;
}

static int read_consumers(struct join_answer *out, const json_t *consumers)
{
    size_t i;
    json_t *consumer;
    json_array_foreach(consumers, i, consumer)
    {
        if (out->consumer_count == JOIN_CONSUMERS_MAX)
            return SQ_ERR_LIMIT;
        int err = join_parse_consumer(&out->consumers[out->consumer_count], consumer);
        if (err && err != SQ_ERR_UNSUPPORTED)
            return err;
        out->consumer_count += err ? 0 : 1;
    }
    return 0;
}

int join_parse(struct join_answer *out, const json_t *result)
{
    memset(out, 0, sizeof(*out));
    if (!get_id(out->transport_id, result, "transportId"))
        return SQ_ERR_INVALID;
    int err = join_parse_ice(&out->remote, json_object_get(result, "iceParameters"));
    if (!err)
        err = read_fingerprint(
            &out->fingerprint,
            json_object_get(json_object_get(result, "dtlsParameters"), "fingerprints"));
    if (!err)
        err = read_producers(out, json_object_get(result, "producers"));
    if (!err)
        err = read_consumers(out, json_object_get(result, "consumers"));
    read_candidates(out, json_object_get(result, "iceCandidates"));
    return err ? err : out->candidate_count ? 0 : SQ_ERR_UNSUPPORTED;
}
