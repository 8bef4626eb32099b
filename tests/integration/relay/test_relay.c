/* SPDX-License-Identifier: Apache-2.0 */
/* The real relay process: commands through the cluster link, media over UDP and TCP, metrics, clean
 * end. */
#include "rtc/rtp/rtp.h"
#include "tests/integration/relay/rig.h"
#include <criterion/criterion.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#define SENDER_SSRC   0x1111
#define RECEIVER_SSRC 0x2222
#define PACKETS       200

static json_t *opus(uint32_t ssrc, int payload_type)
{
    return json_pack("{s:s, s:[{s:s, s:i, s:i, s:i}], s:[{s:I}], s:[{s:s, s:i}], s:{s:s}}", "mid",
                     "0", "codecs", "mimeType", "audio/opus", "payloadType", payload_type,
                     "clockRate", 48000, "channels", 2, "encodings", "ssrc", (json_int_t)ssrc,
                     "headerExtensions", "uri", RTP_URI_TRANSPORT_CC, "id", 5, "rtcp", "cname",
                     "village");
}

static void produce_and_consume(struct rig *r, const char *from, const char *to)
{
    (void)rig_command(r, false, "producer.create",
                      json_pack("{s:s, s:s, s:s, s:o, s:b}", "transport", from, "producer", "p",
                                "kind", "audio", "rtpParameters", opus(SENDER_SSRC, 111), "paused",
                                0));
    (void)rig_command(r, false, "consumer.create",
                      json_pack("{s:s, s:s, s:s, s:o, s:b}", "transport", to, "consumer", "c",
                                "producer", "p", "rtpParameters", opus(RECEIVER_SSRC, 100),
                                "paused", 0));
}

static bool received(struct rig *r, size_t n)
{
    return r->terminals[1].rtp_count >= n;
}

static bool events(struct rig *r, size_t n)
{
    return r->connected_events >= n;
}

static void send_opus(struct rig *r, size_t i, uint16_t n)
{
    uint8_t data[128];
    struct rtp_writer w;
    rtp_writer_init(
        &w, data, sizeof data,
        &(struct rtp_header){
            .payload_type = 111, .seq16 = n, .timestamp = n * 960u, .ssrc = SENDER_SSRC});
    rtp_writer_extension(&w, 5, "\0\0", 2);
    rtp_writer_payload(&w, (uint8_t[]){8, 0, 0, 0, (uint8_t)n}, 5);
    int len = rtp_writer_finish(&w);
    cr_assert_gt(len, 0);
    rig_send(r, i, data, (size_t)len);
}

static void call(bool tcp)
{
    static struct rig r;
    char *body = NULL;
    rig_open(&r);
    json_t *room = rig_command(&r, false, "room.create", json_pack("{s:s}", "room", "r"));
    cr_expect_leq(json_integer_value(json_object_get(room, "worker")), 1);
    rig_join(&r, 0, "t0", false);
    rig_join(&r, 1, "t1", tcp);
    produce_and_consume(&r, "t0", "t1");
    rig_until(&r, rig_all_connected, 2);
    rig_until(&r, events, 2);
    for (uint16_t n = 0; n < PACKETS; n++) {
        send_opus(&r, 0, n);
        rig_until(&r, received, n + 1u); /* loopback loses nothing when it is not flooded */
    }
    struct rig_terminal *t = &r.terminals[1];
    cr_expect_eq(t->rtp_count, PACKETS);
    cr_expect_eq(t->last_ssrc, RECEIVER_SSRC);
    cr_expect_eq((uint16_t)(t->last_seq16 - t->first_seq16), PACKETS - 1);
    cr_expect_eq(t->last_mark, PACKETS - 1);

    json_t *stats = rig_command(&r, false, "stats", json_pack("{s:s}", "room", "r"));
    json_t *consumer = json_array_get(json_object_get(stats, "consumers"), 0);
    cr_expect_eq(json_integer_value(json_object_get(consumer, "packets")), PACKETS);
    json_t *transport = json_array_get(json_object_get(stats, "transports"), 0);
    cr_expect_str_eq(json_string_value(json_object_get(transport, "srtpProfile")),
                     "AEAD_AES_128_GCM");
    json_t *snapshot = rig_command(&r, false, "snapshot", json_object());
    json_t *r0 = json_array_get(json_object_get(snapshot, "rooms"), 0);
    cr_expect_eq(json_array_size(json_object_get(r0, "transports")), 2);
    cr_expect_str_eq(json_string_value(json_object_get(
                         json_array_get(json_object_get(r0, "transports"), 0), "state")),
                     "connected");

    cr_expect_eq(rig_get(&r, "/healthz", &body), 200);
    cr_expect_not_null(strstr(body, "\"ok\""));
    free(body);
    cr_expect_eq(rig_get(&r, "/metrics", &body), 200);
    cr_expect_not_null(strstr(body, "shanqiao_relay_rtp_packets_total"));
    cr_expect_null(strstr(body, "127.0.0.1"), "no addresses");
    cr_expect_null(strstr(body, "\"t0\""), "no ids");
    free(body);
    cr_expect_eq(rig_get(&r, "/secret", &body), 404);
    free(body);

    (void)rig_command(&r, false, "room.close", json_pack("{s:s}", "room", "r"));
    (void)rig_command(&r, false, "room.close", json_pack("{s:s}", "room", "r"));
    json_t *error =
        rig_command(&r, true, "transport.restartIce", json_pack("{s:s}", "transport", "t0"));
    cr_expect_str_eq(json_string_value(json_object_get(error, "code")), "SQ_ERR_NOT_FOUND");
    rig_close(&r);
}

Test(relay_process, carries_a_call_over_udp)
{
    call(false);
}

Test(relay_process, carries_a_call_to_a_terminal_behind_tcp)
{
    call(true);
}
