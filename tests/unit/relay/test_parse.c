/* SPDX-License-Identifier: Apache-2.0 */
/* relay/control/parse: mediasoup-client's shapes in, and a table of what is refused, each with its
 * code and a remedy. */
#include "relay/control/parse.h"
#include "shanqiao/error.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int parse(struct relay_command *c, struct relay_error *e, const char *text)
{
    return relay_parse_request(c, text, strlen(text), e);
}

/* As mediasoup-client 3 sends it from Chromium, shortened to what differs. */
static const char simulcast[] =
    "{\"v\":1,\"method\":\"producer.create\",\"params\":{\"transport\":\"t1\",\"producer\":\"p-1\","
    "\"kind\":\"video\",\"paused\":true,\"rtpParameters\":{\"mid\":\"1\",\"codecs\":[{\"mimeType\":"
    "\"video/VP8\",\"payloadType\":96,\"clockRate\":90000,\"parameters\":{},\"rtcpFeedback\":[{"
    "\"type\":\"goog-remb\",\"parameter\":\"\"},{\"type\":\"nack\",\"parameter\":\"\"},{\"type\":"
    "\"nack\",\"parameter\":\"pli\"}]},{\"mimeType\":\"video/"
    "rtx\",\"payloadType\":97,\"clockRate\":"
    "90000,\"parameters\":{\"apt\":96},\"rtcpFeedback\":[]}],\"headerExtensions\":[{\"uri\":\"urn:"
    "ietf:params:rtp-hdrext:sdes:mid\",\"id\":4,\"encrypt\":false,\"parameters\":{}},{\"uri\":"
    "\"urn:"
    "3gpp:video-orientation\",\"id\":13},{\"uri\":\"urn:unknown\",\"id\":6}],\"encodings\":[{"
    "\"rid\":"
    "\"r0\",\"dtx\":false,\"active\":true},{\"rid\":\"r1\"},{\"ssrc\":4294967295,\"rtx\":{\"ssrc\":"
    "7}"
    "}],\"rtcp\":{\"cname\":\"abc\",\"reducedSize\":true}}}}";

Test(parse, takes_a_browsers_simulcast_producer)
{
    struct relay_command c;
    struct relay_error e;
    cr_assert_eq(parse(&c, &e, simulcast), 0, "%s", e.message);
    cr_expect_eq(c.type, RELAY_PRODUCER_CREATE);
    cr_expect_str_eq(c.transport, "t1");
    cr_expect_str_eq(c.producer, "p-1");
    cr_expect(c.paused);
    cr_expect_eq(c.media.kind, MEDIA_VIDEO);
    cr_expect_str_eq(c.media.mid, "1");
    cr_expect_str_eq(c.media.cname, "abc");
    cr_expect_eq(c.media.codec_count, 2);
    cr_expect_eq(c.media.codecs[0].type, MEDIA_CODEC_VP8);
    cr_expect(c.media.codecs[0].nack);
    cr_expect_eq(c.media.codecs[1].apt, 96);
    cr_expect_eq(c.media.encoding_count, 3);
    cr_expect_str_eq(c.media.encodings[1].rid, "r1");
    cr_expect_eq(c.media.encodings[2].ssrc, 4294967295u);
    cr_expect_eq(c.media.encodings[2].rtx_ssrc, 7);
    cr_expect_eq(c.media.extension_ids[RTP_EXTENSION_MID], 4);
    cr_expect_eq(c.media.extension_ids[MEDIA_EXT_VIDEO_ORIENTATION], 13);
    cr_expect_eq(c.media.extension_ids[RTP_EXTENSION_RID], 0);
}

Test(parse, fills_in_defaults)
{
    struct relay_command c;
    struct relay_error e;
    cr_assert_eq(parse(&c, &e,
                       "{\"v\":1,\"method\":\"transport.create\",\"params\":{\"room\":\"r\","
                       "\"transport\":\"t\"}}"),
                 0);
    cr_expect_eq(c.profile_count, 2);
    cr_expect_eq(c.profiles[0], SRTP_PROFILE_AEAD_AES_128_GCM);
    cr_expect_eq(c.profiles[1], SRTP_PROFILE_AES_CM_128_HMAC_SHA1_80);
    cr_expect_not(c.tcp);
    cr_assert_eq(parse(&c, &e, "{\"v\":1,\"method\":\"snapshot\"}"), 0);
    cr_expect_str_eq(c.room, "");
    cr_assert_eq(parse(&c, &e,
                       "{\"v\":1,\"method\":\"consumer.setPreferredLayers\",\"params\":{"
                       "\"consumer\":\"c\",\"spatialLayer\":1}}"),
                 0);
    cr_expect_eq(c.layers.spatial, 1);
    cr_expect_eq(c.layers.temporal, RELAY_LAYER_ANY);
}

Test(parse, takes_the_last_supported_fingerprint)
{
    struct relay_command c;
    struct relay_error e;
    char text[1024], value[DTLS_FINGERPRINT_TEXT_MAX] = "";
    for (int i = 0; i < 32; i++)
        sprintf(value + strlen(value), "%s%02X", i ? ":" : "", i);
    snprintf(text, sizeof text,
             "{\"v\":1,\"method\":\"transport.connect\",\"params\":{\"transport\":\"t\","
             "\"dtlsParameters\":{\"role\":"
             "\"client\",\"fingerprints\":[{\"algorithm\":\"sha-1\",\"value\":\"AA\"},{"
             "\"algorithm\":\"sha-256\",\"value\":"
             "\"%s\"},{\"algorithm\":\"md5\",\"value\":\"AA\"}]}}}",
             value);
    cr_assert_eq(parse(&c, &e, text), 0, "%s", e.message);
    cr_expect_eq(c.fingerprint.algorithm, DTLS_FINGERPRINT_SHA256);
    cr_expect_eq(c.fingerprint.value[31], 31);
}

#define PRODUCER(rtp)                                                                              \
    "{\"v\":1,\"method\":\"producer.create\",\"params\":{\"transport\":\"t\",\"producer\":\"p\","  \
    "\"kind\":\"video\","                                                                          \
    "\"rtpParameters\":" rtp "}}"
#define CONSUMER(rtp)                                                                              \
    "{\"v\":1,\"method\":\"consumer.create\",\"params\":{\"transport\":\"t\",\"producer\":\"p\","  \
    "\"consumer\":\"c\","                                                                          \
    "\"rtpParameters\":" rtp "}}"
#define VP8 "{\"mimeType\":\"video/VP8\",\"payloadType\":96,\"clockRate\":90000}"
#define CONNECT(dtls)                                                                              \
    "{\"v\":1,\"method\":\"transport.connect\",\"params\":{\"transport\":\"t\","                   \
    "\"dtlsParameters\":" dtls "}}"
#define CREATE(more)                                                                               \
    "{\"v\":1,\"method\":\"transport.create\",\"params\":{\"room\":\"r\",\"transport\":\"t\"" more \
    "}}"

static const struct bad {
    const char *text;
    int code;
    const char *says; /* part of the remedy */
} bads[] = {
    {"", SQ_ERR_INVALID, "JSON"},
    {"{", SQ_ERR_INVALID, "JSON"},
    {"[]", SQ_ERR_INVALID, "object"},
    {"{\"v\":1,\"v\":1}", SQ_ERR_INVALID, "JSON"},
    {"{\"v\":1}\n{}", SQ_ERR_INVALID, "JSON"},
    {"{\"v\":1,\"method\":\"room.create\xff\"}", SQ_ERR_INVALID, "JSON"},
    {"{\"v\":1,\"method\":\"room.create\\u0000\"}", SQ_ERR_INVALID, "JSON"},
    {"{\"method\":\"snapshot\"}", SQ_ERR_UNSUPPORTED, "v must be 1"},
    {"{\"v\":2,\"method\":\"snapshot\"}", SQ_ERR_UNSUPPORTED, "v must be 1"},
    {"{\"v\":1}", SQ_ERR_INVALID, "method"},
    {"{\"v\":1,\"method\":7}", SQ_ERR_INVALID, "method"},
    {"{\"v\":1,\"method\":\"room.explode\"}", SQ_ERR_UNSUPPORTED, "unknown method"},
    {"{\"v\":1,\"method\":\"room.create\",\"params\":[]}", SQ_ERR_INVALID, "params"},
    {"{\"v\":1,\"method\":\"room.create\"}", SQ_ERR_INVALID, "room must be an id"},
    {"{\"v\":1,\"method\":\"room.create\",\"params\":{\"room\":\"\"}}", SQ_ERR_INVALID, "room"},
    {"{\"v\":1,\"method\":\"room.create\",\"params\":{\"room\":\"a b\"}}", SQ_ERR_INVALID, "room"},
    {"{\"v\":1,\"method\":\"room.create\",\"params\":{\"room\":"
     "\"0123456789012345678901234567890123456789\"}}",
     SQ_ERR_INVALID, "room"},
    {"{\"v\":1,\"method\":\"room.create\",\"params\":{\"room\":5}}", SQ_ERR_INVALID, "room"},
    {CREATE(",\"tcp\":1"), SQ_ERR_INVALID, "tcp"},
    {CREATE(",\"profiles\":[]"), SQ_ERR_INVALID, "profiles"},
    {CREATE(",\"profiles\":\"AEAD_AES_128_GCM\""), SQ_ERR_INVALID, "profiles"},
    {CREATE(",\"profiles\":[\"NULL\"]"), SQ_ERR_UNSUPPORTED, "SRTP profile"},
    {CREATE(",\"profiles\":[\"AEAD_AES_128_GCM\",\"AEAD_AES_128_GCM\"]"), SQ_ERR_INVALID, "twice"},
    {CONNECT("{}"), SQ_ERR_INVALID, "fingerprints"},
    {CONNECT("{\"role\":\"server\",\"fingerprints\":[]}"), SQ_ERR_UNSUPPORTED, "role client"},
    {CONNECT("{\"fingerprints\":[{\"algorithm\":\"sha-1\",\"value\":\"AA\"}]}"), SQ_ERR_UNSUPPORTED,
     "sha-256"},
    {CONNECT("{\"fingerprints\":[{\"algorithm\":\"sha-256\",\"value\":\"AA:BB\"}]}"),
     SQ_ERR_INVALID, "fingerprint"},
    {CONNECT("{\"fingerprints\":[{\"algorithm\":\"sha-256\"}]}"), SQ_ERR_INVALID, "fingerprint"},
    {CONNECT("{\"fingerprints\":[{},{},{},{},{},{},{},{},{}]}"), SQ_ERR_INVALID, "1..8"},
    {PRODUCER("7"), SQ_ERR_INVALID, "rtpParameters"},
    {PRODUCER("{}"), SQ_ERR_INVALID, "codecs"},
    {PRODUCER("{\"codecs\":[{}],\"encodings\":[{\"ssrc\":1}]}"), SQ_ERR_INVALID, "mimeType"},
    {PRODUCER(
         "{\"codecs\":[{\"mimeType\":\"audio/opus\",\"payloadType\":96,\"clockRate\":48000}]}"),
     SQ_ERR_INVALID, "one kind"},
    {PRODUCER("{\"codecs\":[{\"mimeType\":\"video/"
              "AV9\",\"payloadType\":96,\"clockRate\":90000}],\"encodings\":[{\"ssrc\":1}]}"),
     SQ_ERR_UNSUPPORTED, "opus, VP8"},
    {PRODUCER(
         "{\"codecs\":[{\"mimeType\":\"video/VP8\",\"payloadType\":128,\"clockRate\":90000}]}"),
     SQ_ERR_INVALID, "payloadType"},
    {PRODUCER("{\"codecs\":[{\"mimeType\":\"video/VP8\",\"payloadType\":72,\"clockRate\":90000}]}"),
     SQ_ERR_INVALID, "RFC 5761"},
    {PRODUCER("{\"codecs\":[{\"mimeType\":\"video/VP8\",\"payloadType\":96,\"clockRate\":48000}]}"),
     SQ_ERR_INVALID, "clockRate"},
    {PRODUCER("{\"codecs\":[{\"mimeType\":\"video/VP8\",\"payloadType\":96,\"clockRate\":0}]}"),
     SQ_ERR_INVALID, "clockRate"},
    {PRODUCER("{\"codecs\":[" VP8 "," VP8 "],\"encodings\":[{\"ssrc\":1}]}"), SQ_ERR_INVALID,
     "twice"},
    {PRODUCER("{\"codecs\":[" VP8
              ",{\"mimeType\":\"video/rtx\",\"payloadType\":97,\"clockRate\":90000}]}"),
     SQ_ERR_INVALID, "apt"},
    {PRODUCER("{\"codecs\":[" VP8 ",{\"mimeType\":\"video/"
              "rtx\",\"payloadType\":97,\"clockRate\":90000,\"parameters\":{\"apt\":97}}]}"),
     SQ_ERR_INVALID, "rtx of rtx"},
    {PRODUCER("{\"codecs\":[" VP8 "]}"), SQ_ERR_INVALID, "encodings"},
    {PRODUCER("{\"codecs\":[" VP8 "],\"encodings\":[]}"), SQ_ERR_INVALID, "encodings"},
    {PRODUCER("{\"codecs\":[" VP8 "],\"encodings\":[{},{},{},{},{}]}"), SQ_ERR_LIMIT, "1..4"},
    {PRODUCER("{\"codecs\":[" VP8 "],\"encodings\":[{}]}"), SQ_ERR_INVALID, "without ssrc"},
    {PRODUCER("{\"codecs\":[" VP8 "],\"encodings\":[{\"ssrc\":0}]}"), SQ_ERR_INVALID, "ssrc"},
    {PRODUCER("{\"codecs\":[" VP8 "],\"encodings\":[{\"ssrc\":4294967296}]}"), SQ_ERR_INVALID,
     "ssrc"},
    {PRODUCER("{\"codecs\":[" VP8 "],\"encodings\":[{\"ssrc\":1.5}]}"), SQ_ERR_INVALID, "ssrc"},
    {PRODUCER("{\"codecs\":[" VP8 "],\"encodings\":[{\"ssrc\":1,\"rtx\":{\"ssrc\":1}}]}"),
     SQ_ERR_INVALID, "twice"},
    {PRODUCER("{\"codecs\":[" VP8
              "],\"mid\":\"1\",\"encodings\":[{\"rid\":\"a\"},{\"rid\":\"a\"}]}"),
     SQ_ERR_INVALID, "twice"},
    {PRODUCER("{\"codecs\":[" VP8 "],\"encodings\":[{\"rid\":\"a\"}]}"), SQ_ERR_INVALID,
     "mid and rid"},
    {PRODUCER("{\"codecs\":[" VP8
              "],\"mid\":\"1\",\"encodings\":[{\"rid\":\"01234567890123456\"}]}"),
     SQ_ERR_INVALID, "rid"},
    {PRODUCER("{\"codecs\":[" VP8 "],\"mid\":\"a b\",\"encodings\":[{\"ssrc\":1}]}"),
     SQ_ERR_INVALID, "mid"},
    {PRODUCER("{\"codecs\":[" VP8 "],\"mid\":9,\"encodings\":[{\"ssrc\":1}]}"), SQ_ERR_INVALID,
     "mid"},
    {PRODUCER("{\"codecs\":[" VP8 "],\"encodings\":[{\"ssrc\":1}],\"rtcp\":{\"cname\":5}}"),
     SQ_ERR_INVALID, "cname"},
    {PRODUCER("{\"codecs\":[" VP8 "],\"encodings\":[{\"ssrc\":1}],\"headerExtensions\":{}}"),
     SQ_ERR_LIMIT, "headerExtensions"},
    {PRODUCER("{\"codecs\":[" VP8
              "],\"encodings\":[{\"ssrc\":1}],\"headerExtensions\":[{\"uri\":\"x\",\"id\":15}]}"),
     SQ_ERR_INVALID, "1..14"},
    {PRODUCER("{\"codecs\":[" VP8 "],\"encodings\":[{\"ssrc\":1}],\"headerExtensions\":[{\"uri\":"
              "\"x\",\"id\":1},{\"uri\":\"y\",\"id\":1}]}"),
     SQ_ERR_INVALID, "twice"},
    {CONSUMER("{\"codecs\":[" VP8 "],\"encodings\":[{\"ssrc\":1},{\"ssrc\":2}]}"), SQ_ERR_LIMIT,
     "1..1"},
    {CONSUMER("{\"codecs\":[" VP8 "],\"mid\":\"1\",\"encodings\":[{}]}"), SQ_ERR_INVALID,
     "without ssrc"},
    {"{\"v\":1,\"method\":\"producer.create\",\"params\":{\"transport\":\"t\",\"producer\":\"p\","
     "\"kind\":\"data\"}}",
     SQ_ERR_INVALID, "kind"},
    {"{\"v\":1,\"method\":\"consumer.setPreferredLayers\",\"params\":{\"consumer\":\"c\"}}",
     SQ_ERR_INVALID, "spatialLayer"},
    {"{\"v\":1,\"method\":\"consumer.setPreferredLayers\",\"params\":{\"consumer\":\"c\","
     "\"spatialLayer\":-1}}",
     SQ_ERR_INVALID, "spatialLayer"},
    {"{\"v\":1,\"method\":\"consumer.setPreferredLayers\",\"params\":{\"consumer\":\"c\","
     "\"spatialLayer\":0,\"temporalLayer\":9}}",
     SQ_ERR_INVALID, "temporalLayer"},
};

Test(parse, refuses_each_bad_input_with_its_code_and_remedy)
{
    for (size_t i = 0; i < sizeof bads / sizeof bads[0]; i++) {
        struct relay_command c;
        struct relay_error e = {0};
        int code = parse(&c, &e, bads[i].text);
        cr_expect_eq(code, bads[i].code, "%s: %d %s", bads[i].text, code, e.message);
        cr_expect_eq(e.code, code);
        cr_expect_not_null(strstr(e.message, bads[i].says), "%s says: %s", bads[i].text, e.message);
    }
}

Test(parse, refuses_what_is_too_long_or_too_deep)
{
    struct relay_command c;
    struct relay_error e;
    char *text = malloc(RELAY_REQUEST_MAX + 1);
    memset(text, '[', RELAY_REQUEST_MAX + 1);
    cr_expect_eq(relay_parse_request(&c, text, RELAY_REQUEST_MAX + 1, &e), SQ_ERR_LIMIT);
    cr_expect_eq(relay_parse_request(&c, text, RELAY_REQUEST_MAX, &e), SQ_ERR_LIMIT);
    cr_expect_not_null(strstr(e.message, "deep"));
    free(text);
}
