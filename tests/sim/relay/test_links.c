/* SPDX-License-Identifier: Apache-2.0 */
/* Two terminals with a relay between, each behind a shipped link profile, speaking to each other:
 * they connect in time, nothing is forged or replayed, and repair brings at least what the two
 * links let through. */
#include "rtc/nack/nack_generator.h"
#include "tests/sim/relay/world.h"
#include <criterion/criterion.h>
#include <stdlib.h>

#define SPEECH_SSRC   0x11110000u /* of terminal 0; terminal 1 has the next */
#define RTX_PLUS      0x11110000u /* as world.c repeats */
#define RECEIVER_SSRC 0xaaaa0000u
#define SPEECH_PT     111
#define SPEAK_US      (300 * TIME_US_PER_S)
#define DRAIN_US      (10 * TIME_US_PER_S)
#define REPORT_US     (100 * TIME_US_PER_MS) /* a receiver looks for gaps that often */
#define MARKS_MAX     16384

static struct media_parameters speech_of(bool receiver, uint32_t plus)
{
    const uint8_t payload_type = receiver ? WORLD_PT_OPUS : SPEECH_PT;
    const uint32_t ssrc = (receiver ? RECEIVER_SSRC : SPEECH_SSRC) + plus;
    struct media_parameters m = {.kind = MEDIA_AUDIO, .mid = "0", .cname = "speech"};
    m.codecs[m.codec_count++] =
        (struct media_codec){MEDIA_CODEC_OPUS, payload_type, 0, 48000, true};
    m.codecs[m.codec_count++] = (struct media_codec){MEDIA_CODEC_RTX, (uint8_t)(payload_type + 1),
                                                     payload_type, 48000, false};
    m.encodings[m.encoding_count++] = (struct media_encoding){ssrc, ssrc + RTX_PLUS, ""};
    return m;
}

/* What one terminal hears of the other. */
struct ear {
    struct nack_generator gaps;
    size_t looked, heard, asked; /* log entries seen, different packets, NACKed */
    bool seen[MARKS_MAX];
};

struct talk {
    struct world *w;
    const struct link_profile *profile;
    struct wire_speech speech;
    uint32_t spoken; /* packets of each */
    struct ear ear[2];
};

static void speak(struct talk *t, int i)
{
    uint8_t data[256], body[128] = {0};
    struct rtp_writer writer;
    const uint32_t n = t->spoken;
    const uint32_t ticks = (uint32_t)(t->speech.frame_us * 48 / 1000);
    rtp_writer_init(&writer, data, sizeof data,
                    &(struct rtp_header){.payload_type = SPEECH_PT,
                                         .seq16 = (uint16_t)n,
                                         .timestamp = n * ticks,
                                         .ssrc = SPEECH_SSRC + (uint32_t)i});
    bytes_put_u32(&body[t->speech.payload_bytes - 4], n);
    rtp_writer_payload(&writer, body, t->speech.payload_bytes);
    const int len = rtp_writer_finish(&writer);
    cr_assert_gt(len, 0);
    if (transport_state(t->w->terminals[i].t) == TRANSPORT_CONNECTED)
        world_send(t->w, i, data, (size_t)len, false);
}

static void listen_and_ask(struct talk *t, int i)
{
    struct ear *e = &t->ear[i];
    struct world_terminal *terminal = &t->w->terminals[i];
    struct transport_stats s;
    uint16_t missing[64];
    uint8_t data[256];
    struct byte_writer out = byte_writer_of(data, sizeof data);
    for (; e->looked < terminal->got_count; e->looked++) {
        const struct world_got *g = &terminal->got[e->looked];
        cr_assert_lt(g->mark, MARKS_MAX);
        e->heard += !e->seen[g->mark];
        e->seen[g->mark] = true;
        nack_generator_on_packet(&e->gaps, g->seq16, g->at_us);
    }
    transport_get_stats(terminal->t, &s);
    const size_t count = nack_generator_take(&e->gaps, missing, 64, s.rtt_us, t->w->now_us);
    e->asked += count;
    if (count && rtcp_write_nack(&out, 1, RECEIVER_SSRC + (uint32_t)(1 - i), missing, count) == 0)
        world_send(t->w, i, data, byte_writer_len(&out), true);
}

static void talk_for(struct talk *t, time_us span_us, bool speaking)
{
    const time_us end = t->w->now_us + span_us;
    time_us next_us = t->w->now_us;
    while (t->w->now_us < end) {
        if (speaking && t->w->now_us >= next_us) {
            speak(t, 0);
            speak(t, 1);
            t->spoken++;
            next_us += t->speech.frame_us;
        }
        listen_and_ask(t, 0);
        listen_and_ask(t, 1);
        const time_us look = t->w->now_us + REPORT_US;
        world_run(t->w, speaking ? time_us_min(look, next_us) : look);
    }
}

static void connect_within(struct talk *t, time_us bound_us)
{
    const time_us start = t->w->now_us;
    while (!world_connected(t->w) && t->w->now_us < start + bound_us)
        world_run(t->w, t->w->now_us + 10 * TIME_US_PER_MS);
    cr_assert(world_connected(t->w), "%s: not in %lld ms", t->profile->name,
              (long long)(bound_us / TIME_US_PER_MS));
}

static void expect_clean(struct talk *t)
{
    uint64_t counters[RELAY_COUNTER_COUNT], copies = 0;
    router_get_counters(t->w->router, counters);
    for (int i = 0; i < 2; i++) {
        struct transport_stats s;
        struct link_statistics l;
        transport_get_stats(t->w->terminals[i].t, &s);
        link_get_statistics(t->w->terminals[i].wire.way[LINK_UP], &l);
        copies += l.duplicated;
        cr_expect_eq(s.dropped_forged, 0, "%s", t->profile->name);
        cr_expect_eq(s.dropped_malformed, 0, "%s", t->profile->name);
    }
    cr_expect_eq(counters[RELAY_DROP_FORGED], 0, "%s", t->profile->name);
    cr_expect_eq(counters[RELAY_DROP_POLICED], 0, "%s", t->profile->name);
    cr_expect_leq(counters[RELAY_DROP_REPLAYED], copies, "%s: %lu replayed, %lu copies",
                  t->profile->name, (unsigned long)counters[RELAY_DROP_REPLAYED],
                  (unsigned long)copies);
}

/* What terminal i heard, against what the other's way up and its own way down let through. */
static void expect_heard(const struct talk *t, int i, double repaired)
{
    const double links = wire_delivered_share(&t->w->terminals[1 - i].wire, LINK_UP) *
                         wire_delivered_share(&t->w->terminals[i].wire, LINK_DOWN);
    const double heard = (double)t->ear[i].heard / t->spoken;
    cr_expect_geq(heard, 1 - (1 - links) * (1 - repaired), "%s: %zu of %u, the links let %.4f by",
                  t->profile->name, t->ear[i].heard, t->spoken, links);
}

/* `repaired`: least share of the links' loss that repair must undo. */
static void talk_over(const char *name, time_us bound_us, double repaired)
{
    struct talk *t = calloc(1, sizeof *t);
    cr_assert_not_null(t);
    t->profile = wire_profile(name);
    t->speech = wire_speech_for(t->profile);
    t->w = world_new_over(t->profile, 21);
    for (int i = 0; i < 2; i++) {
        nack_generator_init(&t->ear[i].gaps, &(struct nack_config){0});
        cr_assert_eq(world_join(t->w), i);
    }
    for (int i = 0; i < 2; i++) {
        const char *const speech[] = {"p0", "p1"}, *const ear[] = {"c0", "c1"};
        world_produce(t->w, i, speech[i], speech_of(false, (uint32_t)i));
        world_consume(t->w, 1 - i, ear[i], speech[i], speech_of(true, (uint32_t)i), false);
    }
    connect_within(t, bound_us);
    talk_for(t, SPEAK_US, true);
    talk_for(t, DRAIN_US, false);
    cr_expect(world_connected(t->w), "%s", name);
    expect_clean(t);
    expect_heard(t, 0, repaired);
    expect_heard(t, 1, repaired);
    world_free(t->w);
    free(t);
}

Test(relay_links, speech_over_edge_in_a_village)
{
    talk_over("m1-edge-village", 2500 * TIME_US_PER_MS, 0.9);
}

Test(relay_links, speech_over_a_satellite_in_rain)
{
    talk_over("m7-geo-vsat", 2 * TIME_US_PER_S, 0.9);
}

Test(relay_links, speech_over_a_calm_link_of_24_kbps)
{
    talk_over("calm-24", 2 * TIME_US_PER_S, 1);
}
