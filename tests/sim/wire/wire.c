/* SPDX-License-Identifier: Apache-2.0 */
/* See wire.h. */
#include "tests/sim/wire/wire.h"
#include "shanqiao/error.h"
#include <criterion/criterion.h>
#include <string.h>

static struct link_profiles *shipped;

static void __attribute__((destructor)) free_shipped(void)
{
    link_profiles_free(shipped);
}

const struct link_profiles *wire_profiles(void)
{
    char error[LINK_ERROR_MAX];
    if (!shipped)
        cr_assert_eq(link_profiles_read(&shipped, "tests/data/links/profiles.json", NULL, error), 0,
                     "%s", error);
    return shipped;
}

const struct link_profile *wire_profile(const char *name)
{
    const struct link_profile *p = link_profiles_find(wire_profiles(), name);
    cr_assert_not_null(p, "no profile %s", name);
    return p;
}

static struct link_options options_of(const struct link_profile *profile, enum link_direction way,
                                      uint64_t seed, time_us start_us)
{
    return (struct link_options){.profile = profile,
                                 .direction = way,
                                 .seed = seed,
                                 .start_us = start_us,
                                 .header_bytes = LINK_UDP_IPV4_BYTES};
}

bool wire_refused(const struct link_profile *profile)
{
    if (profile->cross_tcp == 0 && profile->bearer_count == 0)
        return false;
    for (int way = 0; way < 2; way++) {
        struct link *l;
        const struct link_options o = options_of(profile, (enum link_direction)way, 1, 0);
        cr_assert_eq(link_new(&l, &o), SQ_ERR_UNSUPPORTED, "%s", profile->name);
        cr_assert_null(l);
    }
    return true;
}

void wire_set_manner(struct wire *w, const struct wire_manner *manner)
{
    struct link_profile *p = &w->own;
    p->delay_us = manner->delay_us;
    p->jitter = manner->jitter_sd_us ? LINK_JITTER_UNIFORM : LINK_JITTER_NONE;
    p->jitter_sd_us = manner->jitter_sd_us;
    p->loss = (struct link_loss){.on = true,
                                 .good_to_bad = 0.5,
                                 .bad_to_good = 0.5,
                                 .delivery_in_bad = 1 - manner->loss,
                                 .delivery_in_good = 1 - manner->loss};
    p->duplicate = manner->duplicate;
    p->reorder = manner->reorder;
}

void wire_open(struct wire *w, const struct link_profile *profile, const struct wire_manner *manner,
               uint64_t seed, time_us start_us)
{
    memset(w, 0, sizeof(*w));
    w->point.bps = (int64_t)LINK_RATE_MAX_KBPS * 1000;
    w->own = (struct link_profile){.name = "manner", .queue_bytes = UINT64_C(1) << 40};
    for (int way = 0; way < 2; way++)
        w->own.rate[way] =
            (struct link_rate){.points = &w->point, .count = 1, .period_us = TIME_US_NEVER};
    if (manner)
        wire_set_manner(w, manner);
    for (int way = 0; way < 2; way++) {
        const struct link_options o =
            options_of(profile ? profile : &w->own, (enum link_direction)way, seed, start_us);
        cr_assert_eq(link_new(&w->way[way], &o), 0);
    }
}

void wire_close(struct wire *w)
{
    link_free(w->way[LINK_DOWN]);
    link_free(w->way[LINK_UP]);
    memset(w, 0, sizeof(*w));
}

void wire_send(struct wire *w, enum link_direction way, time_us now_us, const void *data,
               size_t len_bytes)
{
    cr_assert_eq(link_send(w->way[way], now_us, data, len_bytes), 0);
}

bool wire_next(struct wire *w, time_us now_us, enum link_direction *way, struct link_event *out)
{
    for (*way = LINK_DOWN; *way <= LINK_UP; (*way)++)
        if (link_next(w->way[*way], now_us, out))
            return true;
    return false;
}

time_us wire_deadline(const struct wire *w, time_us now_us)
{
    const time_us at =
        time_us_min(link_deadline(w->way[LINK_DOWN]), link_deadline(w->way[LINK_UP]));
    return at < now_us ? now_us : at;
}

static uint64_t lost_of(const struct link_statistics *s)
{
    return s->lost_mtu + s->lost_queue + s->lost_outage + s->lost_radio;
}

double wire_delivered_share(const struct wire *w, enum link_direction way)
{
    struct link_statistics s;
    link_get_statistics(w->way[way], &s);
    return s.sent ? 1 - (double)lost_of(&s) / (double)s.sent : 1;
}

uint64_t wire_sent(const struct wire *w)
{
    struct link_statistics s[2];
    link_get_statistics(w->way[LINK_DOWN], &s[0]);
    link_get_statistics(w->way[LINK_UP], &s[1]);
    return s[0].sent + s[1].sent;
}

uint64_t wire_lost(const struct wire *w)
{
    struct link_statistics s[2];
    link_get_statistics(w->way[LINK_DOWN], &s[0]);
    link_get_statistics(w->way[LINK_UP], &s[1]);
    return lost_of(&s[0]) + lost_of(&s[1]);
}

struct wire_speech wire_speech_for(const struct link_profile *profile)
{
    enum { HEADERS = LINK_UDP_IPV4_BYTES + 12 + 16 }; /* RTP, and the tag of AES-GCM (RFC 7714) */
    static const time_us frames_ms[] = {20, 40, 60, 120};
    const double up = link_rate_mean_bps(&profile->rate[LINK_UP]);
    const double down = link_rate_mean_bps(&profile->rate[LINK_DOWN]);
    struct wire_speech s = {0};
    for (size_t i = 0; i < sizeof frames_ms / sizeof frames_ms[0]; i++) {
        s.frame_us = frames_ms[i] * TIME_US_PER_MS;
        s.payload_bytes = (size_t)(frames_ms[i] * 6 / 8);
        const double bps = (double)(s.payload_bytes + HEADERS) * 8 * 1000 / (double)frames_ms[i];
        if (bps <= 0.85 * (up < down ? up : down))
            break;
    }
    return s;
}
