/* SPDX-License-Identifier: Apache-2.0 */
/* ORTC with what Chromium 120 sends through mediasoup-client (payload types and extension ids are
 * the browser's). */
#include "shanqiao/error.h"
#include "signaling/media/ortc.h"
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static const char chromium_opus[] =
    "{'mid':'0','codecs':[{'mimeType':'audio/"
    "opus','payloadType':111,'clockRate':48000,'channels':2,"
    "'parameters':{'minptime':10,'useinbandfec':1},'rtcpFeedback':[{'type':'transport-cc','"
    "parameter':''}]}],"
    "'headerExtensions':[{'uri':'urn:ietf:params:rtp-hdrext:sdes:mid','id':4,'encrypt':false,'"
    "parameters':{}},"
    "{'uri':'http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time','id':2},"
    "{'uri':'urn:ietf:params:rtp-hdrext:ssrc-audio-level','id':1}],"
    "'encodings':[{'ssrc':2310487115,'dtx':false}],'rtcp':{'cname':'aTqp','reducedSize':true}}";

static const char chromium_vp8[] =
    "{'mid':'1','codecs':[{'mimeType':'video/"
    "VP8','payloadType':96,'clockRate':90000,'parameters':{},"
    "'rtcpFeedback':[{'type':'goog-remb','parameter':''},{'type':'transport-cc','parameter':''},"
    "{'type':'ccm','parameter':'fir'},{'type':'nack','parameter':''},{'type':'nack','parameter':'"
    "pli'}]},"
    "{'mimeType':'video/"
    "rtx','payloadType':97,'clockRate':90000,'parameters':{'apt':96},'rtcpFeedback':[]}],"
    "'headerExtensions':[{'uri':'urn:ietf:params:rtp-hdrext:sdes:mid','id':4},"
    "{'uri':'http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01','id':3}],"
    "'encodings':[{'ssrc':1111,'rtx':{'ssrc':2222}}],'rtcp':{'cname':'aTqp','reducedSize':true}}";

static json_t *quoted(const char *text)
{
    char *copy = strdup(text);
    for (char *p = copy; *p; p++)
        *p = *p == '\'' ? '"' : *p;
    json_t *value = json_loads(copy, 0, NULL);
    cr_assert(value, "%s", text);
    free(copy);
    return value;
}

/* The room's capabilities with only what `keep` says: how a receiver that can less looks. */
static json_t *capabilities_without(const char *mime, const char *uri)
{
    json_t *caps = ortc_router_capabilities(), *list = json_object_get(caps, "codecs");
    for (size_t i = json_array_size(list); i-- > 0;) {
        if (!strcmp(json_string_value(json_object_get(json_array_get(list, i), "mimeType")), mime))
            json_array_remove(list, i);
    }
    list = json_object_get(caps, "headerExtensions");
    for (size_t i = json_array_size(list); i-- > 0;) {
        if (!strcmp(json_string_value(json_object_get(json_array_get(list, i), "uri")), uri))
            json_array_remove(list, i);
    }
    return caps;
}

static json_t *consumer_of(const char *kind, const char *producer, json_t *caps)
{
    json_t *rtp = quoted(producer), *out = NULL;
    const char *why;
    struct ortc_consumer with = {.mid = "7", .cname = "tr_1", .ssrc = 3333, .rtx_ssrc = 4444};
    cr_assert_eq(ortc_check_producer(kind, rtp, &why), 0, "%s", why);
    json_t *consumable = ortc_consumable(kind, rtp);
    int error = ortc_consumer_parameters(kind, consumable, caps, &with, &out);
    cr_assert_eq(error == 0, out != NULL);
    json_decref(consumable);
    json_decref(rtp);
    json_decref(caps);
    return out;
}

static json_t *at(const json_t *object, const char *list, size_t i)
{
    return json_array_get(json_object_get(object, list), i);
}

static json_int_t number(const json_t *object, const char *name)
{
    return json_integer_value(json_object_get(object, name));
}

static bool has_feedback(const json_t *codec, const char *type)
{
    size_t i;
    json_t *fb;
    json_array_foreach(json_object_get(codec, "rtcpFeedback"), i, fb)
    {
        if (!strcmp(json_string_value(json_object_get(fb, "type")), type))
            return true;
    }
    return false;
}

Test(ortc, the_rooms_capabilities_avoid_what_the_probator_takes)
{
    json_t *caps = ortc_router_capabilities(), *codec, *extension;
    bool taken[128] = {0};
    size_t i;
    json_array_foreach(json_object_get(caps, "codecs"), i, codec)
    {
        json_int_t pt = number(codec, "preferredPayloadType");
        cr_expect(pt >= 96 && pt < 127 && !taken[pt]);
        taken[pt] = true;
        cr_expect(json_object_get(codec, "kind") && json_object_get(codec, "mimeType"));
        cr_expect_gt(number(codec, "clockRate"), 0);
    }
    cr_expect_eq(i, 7, "opus, and three video codecs with their rtx");
    json_array_foreach(json_object_get(caps, "headerExtensions"), i, extension)
    {
        cr_expect(json_object_get(extension, "uri") && number(extension, "preferredId") > 0);
    }
    json_decref(caps);
}

Test(ortc, opus_goes_out_with_the_rooms_numbers)
{
    json_t *c = consumer_of("audio", chromium_opus, ortc_router_capabilities());
    json_t *codec = at(c, "codecs", 0);
    cr_expect_eq(json_array_size(json_object_get(c, "codecs")), 1);
    cr_expect_eq(number(codec, "payloadType"), 100);
    cr_expect_eq(number(codec, "channels"), 2);
    cr_expect_eq(number(json_object_get(codec, "parameters"), "useinbandfec"), 1);
    cr_expect(has_feedback(codec, "transport-cc") && !has_feedback(codec, "goog-remb"));
    cr_expect_str_eq(json_string_value(json_object_get(c, "mid")), "7");
    cr_expect_eq(number(at(c, "encodings", 0), "ssrc"), 3333);
    cr_expect_null(json_object_get(at(c, "encodings", 0), "rtx"));
    json_decref(c);
}

Test(ortc, vp8_has_rtx_where_the_receiver_can)
{
    json_t *c = consumer_of("video", chromium_vp8, ortc_router_capabilities());
    cr_expect_eq(json_array_size(json_object_get(c, "codecs")), 2);
    cr_expect_eq(number(at(c, "codecs", 0), "payloadType"), 101);
    cr_expect_eq(number(at(c, "codecs", 1), "payloadType"), 102);
    cr_expect_eq(number(json_object_get(at(c, "codecs", 1), "parameters"), "apt"), 101);
    cr_expect_eq(number(json_object_get(at(c, "encodings", 0), "rtx"), "ssrc"), 4444);
    json_decref(c);
    c = consumer_of("video", chromium_vp8, capabilities_without("video/rtx", ""));
    cr_expect_eq(json_array_size(json_object_get(c, "codecs")), 1);
    cr_expect_null(json_object_get(at(c, "encodings", 0), "rtx"));
    json_decref(c);
}

Test(ortc, the_way_to_estimate_follows_the_receivers_extensions)
{
    static const char wide[] =
        "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01";
    json_t *c = consumer_of("video", chromium_vp8, capabilities_without("", wide));
    cr_expect(has_feedback(at(c, "codecs", 0), "goog-remb"));
    cr_expect(!has_feedback(at(c, "codecs", 0), "transport-cc"));
    json_decref(c);
}

Test(ortc, rid_never_goes_out)
{
    json_t *c = consumer_of("video", chromium_vp8, ortc_router_capabilities()), *e;
    size_t i;
    json_array_foreach(json_object_get(c, "headerExtensions"), i, e)
    {
        cr_expect_null(strstr(json_string_value(json_object_get(e, "uri")), "stream-id"));
    }
    cr_expect_gt(i, 0);
    json_decref(c);
}

Test(ortc, no_codec_in_common_is_told)
{
    cr_expect_null(consumer_of("video", chromium_vp8, capabilities_without("video/VP8", "")));
}

Test(ortc, h264_must_be_constrained_baseline_in_packetization_mode_1)
{
    static const struct {
        const char *parameters;
        int error;
    } cases[] = {
        {"{'packetization-mode':1,'profile-level-id':'42e01f'}", 0},
        {"{'packetization-mode':1,'profile-level-id':'42E034'}", 0},
        {"{'packetization-mode':1,'profile-level-id':'42c01f'}", 0},
        {"{'packetization-mode':'1','profile-level-id':'42e01f'}", 0},
        {"{'packetization-mode':0,'profile-level-id':'42e01f'}", SQ_ERR_UNSUPPORTED},
        {"{'packetization-mode':1,'profile-level-id':'640c1f'}", SQ_ERR_UNSUPPORTED},
        {"{'packetization-mode':1,'profile-level-id':'42001f'}", SQ_ERR_UNSUPPORTED},
        {"{'packetization-mode':1,'profile-level-id':'zzzzzz'}", SQ_ERR_UNSUPPORTED},
        {"{'packetization-mode':1}", SQ_ERR_UNSUPPORTED},
        {"{}", SQ_ERR_UNSUPPORTED},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *why;
        json_t *rtp = json_pack("{s:[{s:s, s:i, s:i, s:o}], s:[{s:i}]}", "codecs", "mimeType",
                                "video/h264", "payloadType", 102, "clockRate", 90000, "parameters",
                                quoted(cases[i].parameters), "encodings", "ssrc", 5);
        cr_expect_eq(ortc_check_producer("video", rtp, &why), cases[i].error, "%s",
                     cases[i].parameters);
        json_decref(rtp);
    }
}

Test(ortc, bad_producers_are_refused_with_a_reason)
{
    static const struct {
        const char *kind, *parameters;
        int error;
    } cases[] = {
        {"audio", "{}", SQ_ERR_INVALID},
        {"audio", "{'codecs':[]}", SQ_ERR_INVALID},
        {"audio",
         "{'codecs':[{'mimeType':'audio/"
         "PCMU','payloadType':0,'clockRate':8000}],'encodings':[{'ssrc':1}]}",
         SQ_ERR_UNSUPPORTED},
        {"audio",
         "{'codecs':[{'mimeType':'audio/"
         "opus','payloadType':111,'clockRate':48000}],'encodings':[{'ssrc':1}]}",
         SQ_ERR_UNSUPPORTED}, /* one channel */
        {"video",
         "{'codecs':[{'mimeType':'audio/"
         "opus','payloadType':111,'clockRate':48000,'channels':2}],'encodings':[{'ssrc':1}]}",
         SQ_ERR_UNSUPPORTED},
        {"video",
         "{'codecs':[{'mimeType':'video/"
         "rtx','payloadType':97,'clockRate':90000,'parameters':{'apt':97}}],'encodings':[{'ssrc':1}"
         "]}",
         SQ_ERR_UNSUPPORTED},
        {"video",
         "{'codecs':[{'mimeType':'video/"
         "VP8','payloadType':72,'clockRate':90000}],'encodings':[{'ssrc':1}]}",
         SQ_ERR_INVALID},
        {"video",
         "{'codecs':[{'mimeType':'video/"
         "VP8','payloadType':128,'clockRate':90000}],'encodings':[{'ssrc':1}]}",
         SQ_ERR_INVALID},
        {"video",
         "{'codecs':[{'mimeType':'video/"
         "VP8','payloadType':96,'clockRate':90000},{'mimeType':'video/"
         "rtx','payloadType':96,'clockRate':90000,'parameters':{'apt':96}}],'encodings':[{'ssrc':1}"
         "]}",
         SQ_ERR_INVALID},
        {"video",
         "{'codecs':[{'mimeType':'video/"
         "VP8','payloadType':96,'clockRate':90000},{'mimeType':'video/"
         "rtx','payloadType':97,'clockRate':90000,'parameters':{'apt':98}}],'encodings':[{'ssrc':1}"
         "]}",
         SQ_ERR_INVALID},
        {"video",
         "{'codecs':[{'mimeType':'video/VP8','payloadType':96,'clockRate':90000}],'encodings':[]}",
         SQ_ERR_INVALID},
        {"video",
         "{'codecs':[{'mimeType':'video/"
         "VP8','payloadType':96,'clockRate':90000}],'encodings':[{}]}",
         SQ_ERR_INVALID},
        {"video",
         "{'codecs':[{'mimeType':'video/"
         "VP8','payloadType':96,'clockRate':90000}],'encodings':[{'ssrc':1234}]}",
         SQ_ERR_INVALID},
        {"video",
         "{'codecs':[{'mimeType':'video/"
         "VP8','payloadType':96,'clockRate':90000}],'encodings':[{'ssrc':0}]}",
         SQ_ERR_INVALID},
        {"video",
         "{'codecs':[{'mimeType':'video/"
         "VP8','payloadType':96,'clockRate':90000}],'encodings':[{'ssrc':5,'rtx':{'ssrc':5}}]}",
         SQ_ERR_INVALID},
        {"video",
         "{'codecs':[{'mimeType':'video/"
         "VP8','payloadType':96,'clockRate':90000}],'headerExtensions':[{'uri':'a','id':15}],'"
         "encodings':[{'ssrc':5}]}",
         SQ_ERR_INVALID},
        {"video",
         "{'codecs':[{'mimeType':'video/"
         "VP8','payloadType':96,'clockRate':90000}],'headerExtensions':[{'uri':'a','id':3},{'uri':'"
         "b','id':3}],'encodings':[{'ssrc':5}]}",
         SQ_ERR_INVALID},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        json_t *rtp = quoted(cases[i].parameters);
        const char *why = NULL;
        cr_expect_eq(ortc_check_producer(cases[i].kind, rtp, &why), cases[i].error, "%s",
                     cases[i].parameters);
        cr_expect(why && *why, "%s", cases[i].parameters);
        json_decref(rtp);
    }
}

Test(ortc, simulcast_by_rid_becomes_one_stream)
{
    static const char simulcast[] =
        "{'mid':'1','codecs':[{'mimeType':'video/VP8','payloadType':96,'clockRate':90000}],"
        "'encodings':[{'rid':'r0','maxBitrate':100000},{'rid':'r1'},{'rid':'r2'}]}";
    json_t *c = consumer_of("video", simulcast, ortc_router_capabilities());
    cr_expect_eq(json_array_size(json_object_get(c, "encodings")), 1);
    json_decref(c);
}
