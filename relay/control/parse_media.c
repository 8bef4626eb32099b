/* SPDX-License-Identifier: Apache-2.0 */
/* RtpParameters and DtlsParameters. Fields that we don't use are ignored, as mediasoup-client grows
 * new ones; what we use must be right. Refuses to know: commands. */
#include "relay/control/parse_media.h"
#include "base/text.h"
#include "shanqiao/error.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

int relay_error_set(struct relay_error *error, int code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(error->message, sizeof error->message, format, args);
    va_end(args);
    error->code = code;
    return code;
}

static bool integer_in(const json_t *json, long long min, long long max, long long *out)
{
    if (!json_is_integer(json))
        return false;
    *out = json_integer_value(json);
    return *out >= min && *out <= max;
}

/* RFC 8852 ids and the tokens that browsers use for mid. */
static bool token_valid(const char *text, size_t max_len)
{
    size_t len = strlen(text);
    return len > 0 && len <= max_len &&
           strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.") == len;
}

struct codec_name {
    const char *mime;
    enum media_codec_type type;
    uint32_t clock_hz; /* 0: any */
};

static const struct codec_name codec_names[] = {
    {"audio/opus", MEDIA_CODEC_OPUS, 48000}, {"audio/red", MEDIA_CODEC_RED, 48000},
    {"video/VP8", MEDIA_CODEC_VP8, 90000},   {"video/VP9", MEDIA_CODEC_VP9, 90000},
    {"video/H264", MEDIA_CODEC_H264, 90000}, {"audio/rtx", MEDIA_CODEC_RTX, 0},
    {"video/rtx", MEDIA_CODEC_RTX, 0},
};

static const struct codec_name *codec_name_find(const char *mime)
{
    for (size_t i = 0; i < sizeof codec_names / sizeof codec_names[0]; i++)
        if (strcasecmp(codec_names[i].mime, mime) == 0)
            return &codec_names[i];
    return NULL;
}

static bool kind_of_mime(const char *mime, enum media_kind *out)
{
    *out = strncasecmp(mime, "video/", 6) == 0 ? MEDIA_VIDEO : MEDIA_AUDIO;
    return *out == MEDIA_VIDEO || strncasecmp(mime, "audio/", 6) == 0;
}

/* A peer that says nothing about feedback for video gets repairs; audio is repaired only where that
 * was agreed. */
static bool nack_agreed(const json_t *feedback, enum media_kind kind)
{
    if (!feedback)
        return kind == MEDIA_VIDEO;
    for (size_t i = 0; i < json_array_size(feedback); i++) {
        const json_t *entry = json_array_get(feedback, i);
        const char *type = json_string_value(json_object_get(entry, "type"));
        const char *parameter = json_string_value(json_object_get(entry, "parameter"));
        if (type && strcmp(type, "nack") == 0 && (!parameter || !*parameter))
            return true;
    }
    return false;
}

static int parse_codec(struct media_parameters *out, const json_t *json, struct relay_error *error)
{
    const char *mime = json_string_value(json_object_get(json, "mimeType"));
    enum media_kind kind;
    long long payload_type, clock_hz, apt = 0;
    if (!mime || !kind_of_mime(mime, &kind))
        return relay_error_set(error, SQ_ERR_INVALID,
                               "codec without mimeType audio/... or video/...; give one");
    if (kind != out->kind)
        return relay_error_set(error, SQ_ERR_INVALID, "codecs of both kinds; send one kind");
    if (!integer_in(json_object_get(json, "payloadType"), 0, 127, &payload_type) ||
        (payload_type >= 64 && payload_type <= 95))
        return relay_error_set(error, SQ_ERR_INVALID,
                               "payloadType must be 0..63 or 96..127 (RFC 5761)");
    if (media_codec_by_payload(out, (uint8_t)payload_type))
        return relay_error_set(error, SQ_ERR_INVALID, "payloadType %lld twice; use each once",
                               payload_type);
    if (!integer_in(json_object_get(json, "clockRate"), 1, 1000000, &clock_hz))
        return relay_error_set(error, SQ_ERR_INVALID, "clockRate must be 1..1000000 Hz");
    const struct codec_name *name = codec_name_find(mime);
    if (!name)
        return 0; /* what we can't forward is not in the plan */
    if (name->clock_hz && name->clock_hz != (uint32_t)clock_hz)
        return relay_error_set(error, SQ_ERR_INVALID, "clockRate of %s must be %u", name->mime,
                               name->clock_hz);
    const json_t *parameters = json_object_get(json, "parameters");
    if (name->type == MEDIA_CODEC_RTX &&
        !integer_in(json_object_get(parameters, "apt"), 0, 127, &apt))
        return relay_error_set(error, SQ_ERR_INVALID, "rtx codec without parameters.apt; name one");
    out->codecs[out->codec_count++] =
        (struct media_codec){name->type, (uint8_t)payload_type, (uint8_t)apt, (uint32_t)clock_hz,
                             nack_agreed(json_object_get(json, "rtcpFeedback"), kind)};
    return 0;
}

static int parse_codecs(struct media_parameters *out, const json_t *list, const char *kind,
                        struct relay_error *error)
{
    size_t count = json_array_size(list);
    if (count == 0 || count > MEDIA_CODECS_MAX)
        return relay_error_set(error, count ? SQ_ERR_LIMIT : SQ_ERR_INVALID,
                               "codecs must be a list of 1..%d entries", MEDIA_CODECS_MAX);
    const char *first = json_string_value(json_object_get(json_array_get(list, 0), "mimeType"));
    if (kind)
        out->kind = strcmp(kind, "video") == 0 ? MEDIA_VIDEO : MEDIA_AUDIO;
    else if (!first || !kind_of_mime(first, &out->kind))
        return relay_error_set(error, SQ_ERR_INVALID,
                               "codec without mimeType audio/... or video/...; give one");
    for (size_t i = 0; i < count; i++) {
        int code = parse_codec(out, json_array_get(list, i), error);
        if (code)
            return code;
    }
    bool media = false;
    for (size_t i = 0; i < out->codec_count; i++) {
        const struct media_codec *c = &out->codecs[i];
        const struct media_codec *repeated =
            c->type == MEDIA_CODEC_RTX ? media_codec_by_payload(out, c->apt) : NULL;
        if (c->type == MEDIA_CODEC_RTX && repeated && repeated->type == MEDIA_CODEC_RTX)
            return relay_error_set(error, SQ_ERR_INVALID,
                                   "rtx of rtx; apt must name a media codec");
        media |= c->type != MEDIA_CODEC_RTX;
    }
    if (!media)
        return relay_error_set(error, SQ_ERR_UNSUPPORTED,
                               "no codec that we forward; use opus, VP8, VP9 or H264");
    return 0;
}

static int parse_encoding(struct media_parameters *out, const json_t *json,
                          struct relay_error *error)
{
    struct media_encoding e = {0};
    const json_t *ssrc = json_object_get(json, "ssrc");
    const json_t *rtx = json_object_get(json_object_get(json, "rtx"), "ssrc");
    const json_t *rid = json_object_get(json, "rid");
    long long value;
    if (ssrc) {
        if (!integer_in(ssrc, 1, UINT32_MAX, &value))
            return relay_error_set(error, SQ_ERR_INVALID, "ssrc must be 1..4294967295");
        e.ssrc = (uint32_t)value;
    }
    if (rtx) {
        if (!integer_in(rtx, 1, UINT32_MAX, &value))
            return relay_error_set(error, SQ_ERR_INVALID, "rtx.ssrc must be 1..4294967295");
        e.rtx_ssrc = (uint32_t)value;
    }
    if (rid) {
        if (!json_is_string(rid) || !token_valid(json_string_value(rid), MEDIA_ID_MAX - 1))
            return relay_error_set(error, SQ_ERR_INVALID, "rid must be 1..%d letters or digits",
                                   MEDIA_ID_MAX - 1);
        text_copy(e.rid, sizeof e.rid, json_string_value(rid));
    }
    out->encodings[out->encoding_count++] = e;
    return 0;
}

static bool encodings_distinct(const struct media_parameters *m)
{
    uint32_t ssrcs[MEDIA_ENCODINGS_MAX * 2];
    size_t count = 0;
    for (size_t i = 0; i < m->encoding_count; i++) {
        ssrcs[count++] = m->encodings[i].ssrc;
        ssrcs[count++] = m->encodings[i].rtx_ssrc;
        for (size_t j = 0; j < i; j++)
            if (m->encodings[i].rid[0] && strcmp(m->encodings[i].rid, m->encodings[j].rid) == 0)
                return false;
    }
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < i; j++)
            if (ssrcs[i] && ssrcs[i] == ssrcs[j])
                return false;
    return true;
}

static int parse_encodings(struct media_parameters *out, const json_t *list,
                           enum relay_media_side side, struct relay_error *error)
{
    size_t count = json_array_size(list);
    size_t most = side == RELAY_SIDE_CONSUMER ? 1 : MEDIA_ENCODINGS_MAX;
    if (count == 0 || count > most)
        return relay_error_set(error, count ? SQ_ERR_LIMIT : SQ_ERR_INVALID,
                               "encodings must be a list of 1..%zu entries", most);
    for (size_t i = 0; i < count; i++) {
        int code = parse_encoding(out, json_array_get(list, i), error);
        if (code)
            return code;
    }
    if (!encodings_distinct(out))
        return relay_error_set(error, SQ_ERR_INVALID, "the same ssrc or rid twice; use each once");
    for (size_t i = 0; i < count; i++) {
        const struct media_encoding *e = &out->encodings[i];
        bool by_mid = side == RELAY_SIDE_PRODUCER && out->mid[0] && (e->rid[0] || count == 1);
        if (!e->ssrc && !by_mid)
            return relay_error_set(error, SQ_ERR_INVALID,
                                   "encoding without ssrc; give ssrc, or mid and rid");
    }
    return 0;
}

static int parse_extensions(struct media_parameters *out, const json_t *list,
                            struct relay_error *error)
{
    if (list && (!json_is_array(list) || json_array_size(list) > RELAY_EXTENSIONS_MAX))
        return relay_error_set(error, SQ_ERR_LIMIT,
                               "headerExtensions must be a list of at most %d entries",
                               RELAY_EXTENSIONS_MAX);
    bool used[RTP_ONE_BYTE_ID_MAX + 1] = {false};
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *entry = json_array_get(list, i);
        const char *uri = json_string_value(json_object_get(entry, "uri"));
        long long id;
        if (!uri || !integer_in(json_object_get(entry, "id"), 1, RTP_ONE_BYTE_ID_MAX, &id))
            return relay_error_set(error, SQ_ERR_INVALID,
                                   "header extension needs a uri and an id of 1..14");
        if (used[id])
            return relay_error_set(error, SQ_ERR_INVALID,
                                   "header extension id %lld twice; use each once", id);
        used[id] = true;
        size_t known = media_extension_of_uri(uri);
        if (known < MEDIA_EXT_COUNT)
            out->extension_ids[known] = (uint8_t)id;
    }
    return 0;
}

static int parse_names(struct media_parameters *out, const json_t *json, struct relay_error *error)
{
    const json_t *mid = json_object_get(json, "mid");
    const json_t *cname = json_object_get(json_object_get(json, "rtcp"), "cname");
    if (mid && !json_is_null(mid)) {
        if (!json_is_string(mid) || !token_valid(json_string_value(mid), MEDIA_ID_MAX - 1))
            return relay_error_set(error, SQ_ERR_INVALID, "mid must be 1..%d token characters",
                                   MEDIA_ID_MAX - 1);
        text_copy(out->mid, sizeof out->mid, json_string_value(mid));
    }
    if (cname && !json_is_null(cname)) {
        const char *text = json_string_value(cname);
        if (!text || strlen(text) >= MEDIA_CNAME_MAX)
            return relay_error_set(error, SQ_ERR_INVALID, "rtcp.cname must be under %d bytes",
                                   MEDIA_CNAME_MAX);
        text_copy(out->cname, sizeof out->cname, text);
    }
    return 0;
}

int relay_parse_rtp_parameters(struct media_parameters *out, const json_t *json,
                               enum relay_media_side side, const char *kind,
                               struct relay_error *error)
{
    memset(out, 0, sizeof *out);
    if (!json_is_object(json))
        return relay_error_set(error, SQ_ERR_INVALID, "rtpParameters must be an object");
    int code = parse_names(out, json, error);
    if (!code)
        code = parse_codecs(out, json_object_get(json, "codecs"), kind, error);
    if (!code)
        code = parse_encodings(out, json_object_get(json, "encodings"), side, error);
    if (!code)
        code = parse_extensions(out, json_object_get(json, "headerExtensions"), error);
    return code;
}

int relay_parse_dtls_parameters(struct dtls_fingerprint *out, const json_t *json,
                                struct relay_error *error)
{
    const json_t *list = json_object_get(json, "fingerprints");
    const char *role = json_string_value(json_object_get(json, "role"));
    size_t count = json_array_size(list);
    if (role && strcmp(role, "server") == 0)
        return relay_error_set(error, SQ_ERR_UNSUPPORTED,
                               "the relay is the DTLS server; connect with role client");
    if (count == 0 || count > RELAY_FINGERPRINTS_MAX)
        return relay_error_set(error, SQ_ERR_INVALID,
                               "dtlsParameters.fingerprints must be a list of 1..%d entries",
                               RELAY_FINGERPRINTS_MAX);
    out->algorithm = DTLS_FINGERPRINT_NONE;
    for (size_t i = 0; i < count; i++) {
        const json_t *entry = json_array_get(list, i);
        const char *algorithm = json_string_value(json_object_get(entry, "algorithm"));
        const char *value = json_string_value(json_object_get(entry, "value"));
        struct dtls_fingerprint parsed;
        int code =
            algorithm && value ? dtls_fingerprint_parse(&parsed, algorithm, value) : SQ_ERR_INVALID;
        if (code == SQ_ERR_UNSUPPORTED)
            continue;
        if (code)
            return relay_error_set(error, SQ_ERR_INVALID,
                                   "fingerprint needs algorithm and value AA:BB:.. of its length");
        *out = parsed;
    }
    if (out->algorithm == DTLS_FINGERPRINT_NONE)
        return relay_error_set(error, SQ_ERR_UNSUPPORTED,
                               "no fingerprint that we support; send sha-256");
    return 0;
}
