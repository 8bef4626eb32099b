/* SPDX-License-Identifier: Apache-2.0 */
/* ORTC rules over mediasoup-client's JSON. The room's codecs are one table; everything else is
 * matched to it. */
#include "signaling/media/ortc.h"

#include "base/random.h"
#include "shanqiao/error.h"
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define PROBATOR_SSRC         1234 /* mediasoup-client's RTP probator */
#define RTX_PAYLOAD_TYPE_NONE 0

struct router_codec {
    const char *kind, *mime;
    int clock_rate, channels; /* channels 0: none (video) */
    int payload_type, rtx_payload_type;
    const char *parameters; /* JSON */
};

static const struct router_codec router_codecs[] = {
    {"audio", "audio/opus", 48000, 2, 100, RTX_PAYLOAD_TYPE_NONE,
     "{\"minptime\":10,\"useinbandfec\":1}"},
    {"video", "video/VP8", 90000, 0, 101, 102, "{}"},
    {"video", "video/VP9", 90000, 0, 103, 104, "{\"profile-id\":0}"},
    {"video", "video/H264", 90000, 0, 105, 106,
     "{\"packetization-mode\":1,\"profile-level-id\":\"42e01f\",\"level-asymmetry-allowed\":1}"},
};
#define CODEC_COUNT (sizeof router_codecs / sizeof router_codecs[0])

static const char audio_feedback[] = "[{\"type\":\"nack\",\"parameter\":\"\"},"
                                     "{\"type\":\"transport-cc\",\"parameter\":\"\"}]";
static const char video_feedback[] = "[{\"type\":\"nack\",\"parameter\":\"\"},"
                                     "{\"type\":\"nack\",\"parameter\":\"pli\"},"
                                     "{\"type\":\"ccm\",\"parameter\":\"fir\"},"
                                     "{\"type\":\"goog-remb\",\"parameter\":\"\"},"
                                     "{\"type\":\"transport-cc\",\"parameter\":\"\"}]";

#define URI_MID       "urn:ietf:params:rtp-hdrext:sdes:mid"
#define URI_RID       "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id"
#define URI_RID_FIXED "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id"
#define URI_SEND_TIME "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"
#define URI_WIDE_CC   "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
#define URI_LEVEL     "urn:ietf:params:rtp-hdrext:ssrc-audio-level"

struct router_extension {
    const char *kind, *uri;
    int id;
    const char *direction; /* as the room sees it: rid comes in and never goes out */
};

static const struct router_extension router_extensions[] = {
    {"audio", URI_MID, 1, "sendrecv"},       {"video", URI_MID, 1, "sendrecv"},
    {"video", URI_RID, 2, "recvonly"},       {"video", URI_RID_FIXED, 3, "recvonly"},
    {"audio", URI_SEND_TIME, 4, "sendrecv"}, {"video", URI_SEND_TIME, 4, "sendrecv"},
    {"audio", URI_WIDE_CC, 5, "sendrecv"},   {"video", URI_WIDE_CC, 5, "sendrecv"},
    {"audio", URI_LEVEL, 10, "sendrecv"},
};
#define EXTENSION_COUNT (sizeof router_extensions / sizeof router_extensions[0])

static json_t *text_json(const char *text)
{
    return json_loads(text, JSON_DECODE_ANY, NULL);
}

static const char *feedback_of(const char *kind)
{
    return strcmp(kind, "audio") ? video_feedback : audio_feedback;
}

/* One codec of capabilities (preferredPayloadType) or of parameters (payloadType). Takes over
 * `parameters`. */
static json_t *codec_json(const struct router_codec *c, const char *pt_name, json_t *parameters,
                          json_t *feedback)
{
    json_t *codec =
        json_pack("{s:s, s:i, s:i, s:o, s:o}", "mimeType", c->mime, "clockRate", c->clock_rate,
                  pt_name, c->payload_type, "parameters", parameters, "rtcpFeedback", feedback);
    if (codec && c->channels)
        json_object_set_new(codec, "channels", json_integer(c->channels));
    return codec;
}

static json_t *rtx_json(const struct router_codec *c, const char *pt_name)
{
    return json_pack("{s:s, s:i, s:i, s:{s:i}, s:[]}", "mimeType", "video/rtx", "clockRate",
                     c->clock_rate, pt_name, c->rtx_payload_type, "parameters", "apt",
                     c->payload_type, "rtcpFeedback");
}

static void add_capability(json_t *codecs, const struct router_codec *c, json_t *codec)
{
    if (codec)
        json_object_set_new(codec, "kind", json_string(c->kind));
    json_array_append_new(codecs, codec);
}

json_t *ortc_router_capabilities(void)
{
    json_t *codecs = json_array(), *extensions = json_array();
    for (size_t i = 0; i < CODEC_COUNT; i++) {
        const struct router_codec *c = &router_codecs[i];
        add_capability(codecs, c,
                       codec_json(c, "preferredPayloadType", text_json(c->parameters),
                                  text_json(feedback_of(c->kind))));
        if (c->rtx_payload_type)
            add_capability(codecs, c, rtx_json(c, "preferredPayloadType"));
    }
    for (size_t i = 0; i < EXTENSION_COUNT; i++) {
        const struct router_extension *e = &router_extensions[i];
        json_array_append_new(extensions,
                              json_pack("{s:s, s:s, s:i, s:b, s:s}", "kind", e->kind, "uri", e->uri,
                                        "preferredId", e->id, "preferredEncrypt", 0, "direction",
                                        e->direction));
    }
    return json_pack("{s:o, s:o}", "codecs", codecs, "headerExtensions", extensions);
}

/* ---- matching ---- */

static json_int_t member_int(const json_t *object, const char *name, json_int_t fallback)
{
    const json_t *v = json_object_get(object, name);
    return json_is_integer(v) ? json_integer_value(v) : fallback;
}

static const char *member_text(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text ? text : "";
}

static bool is_rtx(const json_t *codec)
{
    const char *slash = strchr(member_text(codec, "mimeType"), '/');
    return slash && !strcasecmp(slash, "/rtx");
}

/* RFC 6184 section 8.1: profile_idc 0x42 with constraint_set1 is Constrained Baseline; its absence
 * means 420010. */
static bool constrained_baseline(const json_t *parameters)
{
    const char *text = member_text(parameters, "profile-level-id");
    unsigned long id = strlen(text) == 6 ? strtoul(text, NULL, 16) : 0x420010;
    return id >> 16 == 0x42 && (id >> 8 & 0x40);
}

static json_int_t parameter_int(const json_t *codec, const char *name)
{
    const json_t *parameters = json_object_get(codec, "parameters");
    const char *text = json_string_value(json_object_get(parameters, name));
    return text ? strtol(text, NULL, 10) : member_int(parameters, name, 0);
}

static bool codec_matches(const struct router_codec *c, const json_t *codec)
{
    if (strcasecmp(member_text(codec, "mimeType"), c->mime) ||
        member_int(codec, "clockRate", 0) != c->clock_rate)
        return false;
    if (c->channels && member_int(codec, "channels", 1) != c->channels)
        return false;
    if (!strcmp(c->mime, "video/VP9"))
        return parameter_int(codec, "profile-id") == 0;
    if (!strcmp(c->mime, "video/H264"))
        return parameter_int(codec, "packetization-mode") == 1 &&
               constrained_baseline(json_object_get(codec, "parameters"));
    return true;
}

static const struct router_codec *find_codec(const json_t *codec)
{
    for (size_t i = 0; i < CODEC_COUNT; i++) {
        if (codec_matches(&router_codecs[i], codec))
            return &router_codecs[i];
    }
    return NULL;
}

static const struct router_extension *find_extension(const char *kind, const char *uri)
{
    for (size_t i = 0; i < EXTENSION_COUNT; i++) {
        if (!strcmp(router_extensions[i].kind, kind) && !strcmp(router_extensions[i].uri, uri))
            return &router_extensions[i];
    }
    return NULL;
}

/* Does the list name this uri for the kind (a list without kinds is of the right one)? */
static bool names_extension(const json_t *extensions, const char *kind, const char *uri)
{
    size_t i;
    json_t *e;
    json_array_foreach((json_t *)extensions, i, e)
    {
        const char *of = member_text(e, "kind");
        if (!strcmp(member_text(e, "uri"), uri) && (!*of || !strcmp(of, kind)))
            return true;
    }
    return false;
}

/* The rtx entry of `codecs` for this media payload type. */
static const json_t *rtx_of(const json_t *codecs, json_int_t payload_type)
{
    size_t i;
    json_t *codec;
    json_array_foreach((json_t *)codecs, i, codec)
    {
        if (is_rtx(codec) && parameter_int(codec, "apt") == payload_type)
            return codec;
    }
    return NULL;
}

/* ---- what a producer sends ---- */

static int wrong(const char **why, int error, const char *text)
{
    *why = text;
    return error;
}

static int check_codecs(const char *kind, const json_t *codecs, const char **why)
{
    bool taken[128] = {0};
    size_t i;
    json_t *codec;
    const struct router_codec *first = find_codec(json_array_get(codecs, 0));
    if (!first || strcmp(first->kind, kind))
        return wrong(why, SQ_ERR_UNSUPPORTED, "the first codec is not one of the room's");
    json_array_foreach((json_t *)codecs, i, codec)
    {
        json_int_t pt = member_int(codec, "payloadType", -1);
        /* 64 to 95 would be taken for RTCP where both share a port (RFC 5761 section 4) */
        if (pt < 0 || pt > 127 || (pt >= 64 && pt <= 95) || taken[pt])
            return wrong(why, SQ_ERR_INVALID, "a payload type is out of range or used twice");
        taken[pt] = true;
    }
    json_array_foreach((json_t *)codecs, i, codec)
    {
        json_int_t apt = parameter_int(codec, "apt");
        if (is_rtx(codec) && (apt < 0 || apt > 127 || !taken[apt]))
            return wrong(why, SQ_ERR_INVALID,
                         "an rtx codec names a payload type that is not there");
    }
    return 0;
}

static int check_extensions(const json_t *extensions, const char **why)
{
    bool taken[ORTC_EXTENSIONS_MAX + 1] = {0};
    size_t i;
    json_t *e;
    json_array_foreach((json_t *)extensions, i, e)
    {
        json_int_t id = member_int(e, "id", 0);
        if (id < 1 || id > ORTC_EXTENSIONS_MAX || taken[id])
            return wrong(why, SQ_ERR_INVALID,
                         "a header extension id is out of range or used twice");
        taken[id] = true;
    }
    return 0;
}

static bool take_ssrc(json_int_t *seen, size_t *count, json_int_t ssrc)
{
    if (ssrc < 1 || ssrc > UINT32_MAX || ssrc == PROBATOR_SSRC)
        return false;
    for (size_t i = 0; i < *count; i++) {
        if (seen[i] == ssrc)
            return false;
    }
    seen[(*count)++] = ssrc;
    return true;
}

static int check_encodings(const json_t *parameters, const char **why)
{
    json_int_t seen[2 * ORTC_ENCODINGS_MAX];
    size_t count = 0, i;
    const json_t *encodings = json_object_get(parameters, "encodings");
    json_t *e;
    if (!json_array_size(encodings) || json_array_size(encodings) > ORTC_ENCODINGS_MAX)
        return wrong(why, SQ_ERR_INVALID, "encodings must name one to four streams");
    json_array_foreach((json_t *)encodings, i, e)
    {
        const json_t *ssrc = json_object_get(e, "ssrc"), *rtx = json_object_get(e, "rtx");
        if (ssrc && !take_ssrc(seen, &count, json_integer_value(ssrc)))
            return wrong(why, SQ_ERR_INVALID, "an SSRC is out of range or used twice");
        if (rtx && json_object_get(rtx, "ssrc") &&
            !take_ssrc(seen, &count, member_int(rtx, "ssrc", 0)))
            return wrong(why, SQ_ERR_INVALID, "an rtx SSRC is out of range or used twice");
        if (!ssrc && !*member_text(e, "rid") && !*member_text(parameters, "mid"))
            return wrong(why, SQ_ERR_INVALID, "a stream needs an ssrc, a rid or a mid");
    }
    return 0;
}

int ortc_check_producer(const char *kind, const json_t *rtp_parameters, const char **why)
{
    const json_t *codecs = json_object_get(rtp_parameters, "codecs");
    const json_t *extensions = json_object_get(rtp_parameters, "headerExtensions");
    *why = "";
    if (!json_array_size(codecs) || json_array_size(codecs) > ORTC_CODECS_MAX)
        return wrong(why, SQ_ERR_INVALID, "codecs must have one to sixteen entries");
    int error = check_codecs(kind, codecs, why);
    if (!error)
        error = check_extensions(extensions, why);
    return error ? error : check_encodings(rtp_parameters, why);
}

json_t *ortc_consumable(const char *kind, const json_t *rtp_parameters)
{
    const json_t *from = json_object_get(rtp_parameters, "codecs");
    json_t *codecs = json_array(), *extensions = json_array();
    json_t *codec;
    size_t i;
    json_array_foreach((json_t *)from, i, codec)
    {
        const struct router_codec *c = is_rtx(codec) ? NULL : find_codec(codec);
        if (!c || strcmp(c->kind, kind))
            continue;
        json_t *parameters = json_deep_copy(json_object_get(codec, "parameters"));
        json_array_append_new(codecs,
                              codec_json(c, "payloadType", parameters ? parameters : json_object(),
                                         text_json(feedback_of(kind))));
        if (c->rtx_payload_type)
            json_array_append_new(codecs, rtx_json(c, "payloadType"));
    }
    for (i = 0; i < EXTENSION_COUNT; i++) {
        const struct router_extension *e = &router_extensions[i];
        if (!strcmp(e->kind, kind) && !strcmp(e->direction, "sendrecv"))
            json_array_append_new(extensions, json_pack("{s:s, s:i, s:b, s:{}}", "uri", e->uri,
                                                        "id", e->id, "encrypt", 0, "parameters"));
    }
    return json_pack("{s:o, s:o}", "codecs", codecs, "headerExtensions", extensions);
}

/* ---- what a consumer gets ---- */

static bool has_feedback(const json_t *list, const json_t *wanted)
{
    size_t i;
    json_t *fb;
    json_array_foreach((json_t *)list, i, fb)
    {
        if (!strcmp(member_text(fb, "type"), member_text(wanted, "type")) &&
            !strcmp(member_text(fb, "parameter"), member_text(wanted, "parameter")))
            return true;
    }
    return false;
}

/* Ours that the receiver has too; of the two ways to estimate the link, the best that its
 * extensions allow. */
static json_t *common_feedback(const json_t *ours, const json_t *theirs, bool wide_cc,
                               bool send_time)
{
    json_t *out = json_array(), *fb;
    size_t i;
    json_array_foreach((json_t *)ours, i, fb)
    {
        const char *type = member_text(fb, "type");
        if (!has_feedback(theirs, fb) || (!strcmp(type, "transport-cc") && !wide_cc) ||
            (!strcmp(type, "goog-remb") && (wide_cc || !send_time)))
            continue;
        json_array_append(out, fb);
    }
    return out;
}

static const json_t *capability_for(const json_t *capabilities, const struct router_codec *c)
{
    size_t i;
    json_t *codec;
    json_array_foreach(json_object_get(capabilities, "codecs"), i, codec)
    {
        if (!is_rtx(codec) && codec_matches(c, codec))
            return codec;
    }
    return NULL;
}

struct chosen {
    json_t *codecs;
    bool wide_cc, send_time, rtx;
};

/* Adds the media codec and, where the receiver can, its rtx. */
static void choose_codec(struct chosen *to, const json_t *codec, const json_t *consumable,
                         const json_t *capabilities)
{
    const struct router_codec *c = is_rtx(codec) ? NULL : find_codec(codec);
    const json_t *can = c ? capability_for(capabilities, c) : NULL;
    if (!can)
        return;
    json_t *copy = json_deep_copy(codec);
    json_object_set_new(copy, "rtcpFeedback",
                        common_feedback(json_object_get(codec, "rtcpFeedback"),
                                        json_object_get(can, "rtcpFeedback"), to->wide_cc,
                                        to->send_time));
    json_array_append_new(to->codecs, copy);
    const json_t *rtx = rtx_of(json_object_get(consumable, "codecs"), c->payload_type);
    if (rtx && rtx_of(json_object_get(capabilities, "codecs"),
                      member_int(can, "preferredPayloadType", -1))) {
        json_array_append_new(to->codecs, json_deep_copy(rtx));
        to->rtx = true;
    }
}

static json_t *choose_extensions(const char *kind, const json_t *consumable,
                                 const json_t *capabilities, struct chosen *chosen)
{
    json_t *out = json_array(), *e;
    size_t i;
    json_array_foreach(json_object_get(consumable, "headerExtensions"), i, e)
    {
        const char *uri = member_text(e, "uri");
        if (!find_extension(kind, uri) ||
            !names_extension(json_object_get(capabilities, "headerExtensions"), kind, uri))
            continue;
        chosen->wide_cc |= !strcmp(uri, URI_WIDE_CC);
        chosen->send_time |= !strcmp(uri, URI_SEND_TIME);
        json_array_append(out, e);
    }
    return out;
}

int ortc_consumer_parameters(const char *kind, const json_t *consumable,
                             const json_t *rtp_capabilities, const struct ortc_consumer *with,
                             json_t **out)
{
    struct chosen chosen = {.codecs = json_array()};
    json_t *extensions = choose_extensions(kind, consumable, rtp_capabilities, &chosen);
    json_t *codec;
    size_t i;
    json_array_foreach(json_object_get(consumable, "codecs"), i, codec)
    {
        choose_codec(&chosen, codec, consumable, rtp_capabilities);
    }
    if (!json_array_size(chosen.codecs)) {
        json_decref(chosen.codecs);
        json_decref(extensions);
        return SQ_ERR_UNSUPPORTED;
    }
    json_t *encoding = json_pack("{s:I}", "ssrc", (json_int_t)with->ssrc);
    if (chosen.rtx && encoding)
        json_object_set_new(encoding, "rtx",
                            json_pack("{s:I}", "ssrc", (json_int_t)with->rtx_ssrc));
    *out = json_pack("{s:s, s:o, s:o, s:[o], s:{s:s, s:b, s:b}}", "mid", with->mid, "codecs",
                     chosen.codecs, "headerExtensions", extensions, "encodings", encoding, "rtcp",
                     "cname", with->cname, "reducedSize", 1, "mux", 1);
    return *out ? 0 : SQ_ERR_NOMEM;
}

uint32_t ortc_new_ssrc(void)
{
    uint32_t ssrc = random_u32();
    while (ssrc == 0 || ssrc == PROBATOR_SSRC)
        ssrc = random_u32();
    return ssrc;
}
