/* SPDX-License-Identifier: Apache-2.0 */
#include "client-lib/session/join.h"
#include <criterion/criterion.h>
#include <string.h>

#define RESULT                                                                                     \
    "{\"transportId\":\"t_1\",\"iceParameters\":{\"usernameFragment\":\"abcdefgh\",\"password\":"  \
    "\"abcdefghijklmnopqrstuvwx\",\"iceLite\":true},\"iceCandidates\":[{\"foundation\":\"1\","     \
    "\"priority\":2130706431,\"ip\":\"127.0.0.1\",\"address\":\"127.0.0.1\",\"protocol\":\"udp\"," \
    "\"port\":40000,\"type\":\"host\"},{\"foundation\":\"2\",\"priority\":1,\"address\":"          \
    "\"relay.example\",\"protocol\":\"udp\",\"port\":1,\"type\":\"host\"},{\"foundation\":\"3\","  \
    "\"priority\":5,\"address\":\"127.0.0.1\",\"protocol\":\"tcp\",\"port\":40000,\"type\":"       \
    "\"host\",\"tcpType\":\"passive\"}],\"dtlsParameters\":{\"role\":\"server\",\"fingerprints\":" \
    "[{\"algorithm\":\"sha-256\",\"value\":\"" FINGERPRINT                                         \
    "\"}]},\"iceServers\":[],\"producers\":"                                                       \
    "[{\"id\":\"p_1\",\"kind\":\"audio\",\"source\":\"microphone\"}],\"consumers\":[" CONSUMER     \
    "]}"
#define FINGERPRINT                                                                                \
    "00:01:02:03:04:05:06:07:08:09:0A:0B:0C:0D:0E:0F:10:11:12:13:14:15:16:17:18:19:1A:1B:1C:1D:"   \
    "1E:"                                                                                          \
    "1F"
#define CONSUMER                                                                                   \
    "{\"id\":\"c_1\",\"producerId\":\"p_9\",\"kind\":\"video\",\"source\":\"camera\","             \
    "\"participantId\":\"a_2\",\"paused\":true,\"rtpParameters\":{\"codecs\":[{\"mimeType\":"      \
    "\"video/VP8\",\"payloadType\":101,\"clockRate\":90000,\"parameters\":{},\"rtcpFeedback\":[{"  \
    "\"type\":\"nack\"},{\"type\":\"nack\",\"parameter\":\"pli\"}]},{\"mimeType\":\"video/rtx\","  \
    "\"payloadType\":102,\"clockRate\":90000,\"parameters\":{\"apt\":101}}],\"headerExtensions\":" \
    "[{\"uri\":\"http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01\","     \
    "\"id\":5}],\"encodings\":[{\"ssrc\":1111,\"rtx\":{\"ssrc\":2222}}],\"rtcp\":{\"cname\":"      \
    "\"x\"}}}"

static json_t *parsed(const char *text)
{
    json_error_t error;
    json_t *v = json_loads(text, 0, &error);
    cr_assert_not_null(v, "%s at %d", error.text, error.position);
    return v;
}

Test(join, the_answer_is_read)
{
    json_t *result = parsed(RESULT);
    struct join_answer a;
    cr_assert_eq(join_parse(&a, result), 0);
    cr_expect_str_eq(a.transport_id, "t_1");
    cr_expect_str_eq(a.remote.ufrag, "abcdefgh");
    cr_expect_eq(a.candidate_count, 2); /* the name is left out */
    cr_expect_eq(a.candidates[0].address.port, 40000);
    cr_expect_eq(a.candidates[1].protocol, NET_TCP);
    cr_expect_eq(a.fingerprint.value[31], 0x1f);
    cr_expect_str_eq(a.producer_ids[0], "p_1");
    cr_assert_eq(a.consumer_count, 1);
    struct join_consumer *c = &a.consumers[0];
    cr_expect_eq(c->codec, SQ_CODEC_VP8);
    cr_expect_eq(c->ssrc, 1111);
    cr_expect_eq(c->rtx_ssrc, 2222);
    cr_expect_eq(c->payload_type, 101);
    cr_expect_eq(c->rtx_payload_type, 102);
    cr_expect_eq(c->transport_cc, 5);
    cr_expect(c->nack && c->paused);
    json_decref(result);
}

/* Each member that is needed, taken away or spoiled, is refused: nothing crashes, nothing is made
 * up. */
Test(join, an_answer_that_lacks_something_is_refused)
{
    static const char *const needed[] = {"transportId", "iceParameters", "iceCandidates",
                                         "dtlsParameters"};
    for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++) {
        struct join_answer a;
        json_t *result = parsed(RESULT);
        json_object_del(result, needed[i]);
        cr_expect_lt(join_parse(&a, result), 0, "%s", needed[i]);
        json_object_set_new(result, needed[i], json_integer(3));
        cr_expect_lt(join_parse(&a, result), 0, "%s", needed[i]);
        json_decref(result);
    }
    struct join_answer a;
    cr_expect_lt(join_parse(&a, NULL), 0);
}

Test(join, consumers_with_wrong_numbers_are_refused)
{
    static const char *const bad[][2] = {
        {"1111", "0"},
        {"1111", "4294967296"},
        {"1111", "-1"},
        {"\"payloadType\":101", "\"payloadType\":128"},
        {"c_1", ""},
        {"camera", "window"},
        {"\"kind\":\"video\"", "\"kind\":\"text\""},
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        char text[4096] = "";
        const char *at = strstr(CONSUMER, bad[i][0]);
        cr_assert_not_null(at);
        strncat(text, CONSUMER, (size_t)(at - CONSUMER));
        strcat(text, bad[i][1]);
        strcat(text, at + strlen(bad[i][0]));
        json_t *v = parsed(text);
        struct join_consumer c;
        cr_expect_lt(join_parse_consumer(&c, v), 0, "%s", bad[i][1]);
        json_decref(v);
    }
}

Test(join, a_codec_that_we_do_not_have_is_left_out)
{
    json_t *v = parsed(CONSUMER);
    json_t *codec =
        json_array_get(json_object_get(json_object_get(v, "rtpParameters"), "codecs"), 0);
    json_object_set_new(codec, "mimeType", json_string("video/H264"));
    struct join_consumer c;
    cr_expect_eq(join_parse_consumer(&c, v), SQ_ERR_UNSUPPORTED);
    json_decref(v);
}

Test(join, the_offer_has_the_shapes_of_mediasoup_client)
{
    struct dtls_identity *identity;
    cr_assert_eq(dtls_identity_new(&identity, INT64_C(1790000000000000)), 0);
    struct join_producer producers[] = {
        {SQ_AUDIO, SQ_MICROPHONE, SQ_CODEC_OPUS, 7, 0, 32000, false},
        {SQ_VIDEO, SQ_CAMERA, SQ_CODEC_VP8, 8, 9, 500000, false},
    };
    enum srtp_profile profiles[] = {SRTP_PROFILE_AEAD_AES_128_GCM};
    struct join_offer offer = {"room_1", "cname", identity, producers, 2, profiles, 1};
    json_t *params = join_build(&offer);
    cr_assert_not_null(params);
    cr_expect_str_eq(json_string_value(json_object_get(params, "room")), "room_1");
    json_t *video = json_array_get(json_object_get(params, "produce"), 1);
    json_t *parameters = json_object_get(video, "rtpParameters");
    json_t *encoding = json_array_get(json_object_get(parameters, "encodings"), 0);
    cr_expect_eq(json_integer_value(json_object_get(json_object_get(encoding, "rtx"), "ssrc")), 9);
    json_t *codecs = json_object_get(parameters, "codecs");
    cr_expect_eq(json_array_size(codecs), 2);
    cr_expect_null(json_object_get(json_array_get(codecs, 0), "kind"));
    /* what we build, we read */
    json_t *consumer =
        json_pack("{s:s, s:s, s:s, s:s, s:s, s:O}", "id", "c", "producerId", "p", "participantId",
                  "a", "kind", "video", "source", "camera", "rtpParameters", parameters);
    struct join_consumer c;
    cr_expect_eq(join_parse_consumer(&c, consumer), 0);
    cr_expect_eq(c.rtx_payload_type, JOIN_PT_VP8_RTX);
    json_decref(consumer);
    json_decref(params);
    dtls_identity_free(identity);
}
