/* SPDX-License-Identifier: Apache-2.0 */
/* Two transports over each shipped link profile that can be emulated: they connect, speech flows
 * both ways, and all that the link lets through is opened. */
#include "world.h"
#include <criterion/criterion.h>

#define CALL_US  (300 * TIME_US_PER_S)
#define DRIVE_US (3600 * TIME_US_PER_S) /* where outages may bring a new address */
#define DRAIN_US (60 * TIME_US_PER_S)   /* the deepest queue on the narrowest link, emptied */

static struct world w;
static unsigned address_changes; /* of all calls */

/* What connecting takes at most: three round trips with a repeat of each (checks, and two flights
 * of DTLS), and the bytes of the handshake, each sent twice, on the slower direction. */
static time_us connect_bound_us(const struct link_profile *p)
{
    const double up = link_rate_mean_bps(&p->rate[LINK_UP]);
    const double down = link_rate_mean_bps(&p->rate[LINK_DOWN]);
    const double bits = 2 * 4000 * 8;
    return 12 * (p->delay_us + p->jitter_sd_us) + TIME_US_PER_S +
           (time_us)(bits / (up < down ? up : down) * (double)TIME_US_PER_S);
}

struct ways {
    unsigned sent[2]; /* speech, by enum link_direction; not what had no path */
};

static void speak(struct ways *n, const struct wire_speech *speech, time_us until_us)
{
    for (uint16_t seq16 = 0; w.now_us < until_us; seq16++) {
        for (int way = 0; way < 2; way++) {
            const bool down = way == LINK_DOWN;
            const int error =
                world_send_rtp(&w, down, down ? 0x2222 : 0x1111, seq16, speech->payload_bytes);
            n->sent[way] += error == 0;
        }
        world_run(&w, w.now_us + speech->frame_us, NULL);
    }
}

/* All speech that came out of the link is authentic and is opened once. Checks whose answers come
 * too late, or twice, count as replayed too, so replayed speech is what is left over. */
static void expect_opened(const struct link_profile *p, struct world_end *e,
                          enum link_direction way)
{
    struct transport_stats s;
    struct link_statistics l;
    transport_get_stats(e->transport, &s);
    link_get_statistics(w.udp.way[way], &l);
    const uint64_t opened = e->rtp_received + e->rtcp_received;
    const uint64_t rest = e->media_arrived - opened - s.dropped_unvalidated;
    cr_expect_eq(s.dropped_forged, 0, "%s: %lu forged", p->name, (unsigned long)s.dropped_forged);
    cr_expect_leq(opened + s.dropped_unvalidated, e->media_arrived, "%s", p->name);
    cr_expect_leq(rest, l.duplicated, "%s: %lu of %u arrived, not opened", p->name,
                  (unsigned long)rest, e->media_arrived);
    /* a path whose address moved is closed until a check came from the new one */
    if (w.address_changes == 0)
        cr_expect_eq(s.dropped_unvalidated, 0, "%s: %lu unvalidated", p->name,
                     (unsigned long)s.dropped_unvalidated);
}

static void expect_share(const struct link_profile *p, unsigned received, unsigned sent,
                         enum link_direction way)
{
    const double link = wire_delivered_share(&w.udp, way), got = (double)received / sent;
    const double lost_with_the_path = w.address_changes ? 0.02 : 0.005;
    cr_expect_geq(got, link - lost_with_the_path, "%s %s: %u of %u, the link let %.4f through",
                  p->name, way == LINK_UP ? "up" : "down", received, sent, link);
}

static void call_over(const struct link_profile *p)
{
    struct ways n = {0};
    const struct wire_speech speech = wire_speech_for(p);
    world_init(&w, &(struct world_config){.seed = 7, .profile = p});
    const time_us start = w.now_us, bound = connect_bound_us(p);
    cr_expect(world_run(&w, start + bound, world_both_connected), "%s: not in %lld ms", p->name,
              (long long)(bound / TIME_US_PER_MS));
    speak(&n, &speech, w.now_us + (p->address_share > 0 ? DRIVE_US : CALL_US));
    world_run(&w, w.now_us + DRAIN_US, NULL);
    expect_opened(p, &w.relay, LINK_UP);
    expect_opened(p, &w.terminal, LINK_DOWN);
    expect_share(p, w.relay.rtp_received, n.sent[LINK_UP], LINK_UP);
    expect_share(p, w.terminal.rtp_received, n.sent[LINK_DOWN], LINK_DOWN);
    if (p->address_share <= 0)
        cr_expect_eq(w.address_changes, 0, "%s", p->name);
    address_changes += w.address_changes;
    cr_expect(world_both_connected(&w), "%s", p->name);
    world_fini(&w);
}

Test(profiles, speech_flows_over_each_that_can_be_emulated)
{
    size_t emulated = 0, refused = 0;
    for (size_t i = 0; i < link_profiles_count(wire_profiles()); i++) {
        const struct link_profile *p = link_profiles_at(wire_profiles(), i);
        if (wire_refused(p)) {
            refused++;
            continue;
        }
        emulated++;
        call_over(p);
    }
    cr_expect_eq(refused, 2, "m8-geo-shared and m12-dual-sim need more than one link");
    cr_expect_eq(emulated, 13);
    cr_expect_gt(address_changes, 0, "the path moved at least once");
}
