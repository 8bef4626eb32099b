/* SPDX-License-Identifier: Apache-2.0 */
/* One direction of a link: queue, service, loss, delay, delivery; see link.h. */
#include "loadtest/link/link.h"
#include "base/check.h"
#include "loadtest/link/address.h"
#include "loadtest/link/histogram.h"
#include "loadtest/link/random.h"
#include "loadtest/link/service.h"
#include "shanqiao/error.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* One generator for each thing that is drawn. */
enum draw { DRAW_LOSS, DRAW_DELAY, DRAW_DUPLICATE, DRAW_REORDER, DRAW_COUNT };

struct item {
    struct item *next, *previous;
    time_us sent_us, at_us; /* at_us: when service ends (in queue), when it comes out (in flight) */
    bool duplicate;
    size_t len_bytes;
    uint8_t bytes[];
};

struct items { /* in order of at_us */
    struct item *first, *last;
};

struct link {
    const struct link_profile *profile;
    time_us start_us, now_us;
    size_t header_bytes;
    struct link_random random[DRAW_COUNT];
    bool bad;            /* state of Gilbert-Elliott */
    time_us last_out_us; /* nothing that keeps order comes out before it */
    struct link_service service;
    struct link_address address;
    struct items queue, flight;
    uint64_t queue_bytes;
    struct item *handed_out; /* freed with the next call */
    struct link_statistics statistics;
    struct histogram delays;
};

int link_new(struct link **out, const struct link_options *options)
{
    *out = NULL;
    const struct link_profile *p = options->profile;
    if (!p)
        return SQ_ERR_INVALID;
    if (p->cross_tcp || p->bearer_count)
        return SQ_ERR_UNSUPPORTED;
    struct link *l = calloc(1, sizeof *l);
    if (!l)
        return SQ_ERR_NOMEM;
    l->profile = p;
    l->start_us = l->now_us = l->last_out_us = options->start_us;
    l->header_bytes = options->header_bytes;
    link_service_init(&l->service, &p->rate[options->direction], &p->outages);
    if (link_address_init(&l->address, p, options->direction, options->seed) < 0) {
        free(l);
        return SQ_ERR_NOMEM;
    }
    for (uint64_t i = 0; i < DRAW_COUNT; i++)
        link_random_init(&l->random[i], link_random_mix(options->seed, i * 2 + options->direction));
    const struct link_loss *g = &p->loss;
    if (g->on)
        l->bad = link_random_chance(&l->random[DRAW_LOSS],
                                    g->good_to_bad / (g->good_to_bad + g->bad_to_good));
    *out = l;
    return 0;
}

static void items_free(struct items *list)
{
    while (list->first) {
        struct item *next = list->first->next;
        free(list->first);
        list->first = next;
    }
}

void link_free(struct link *l)
{
    if (!l)
        return;
    items_free(&l->queue);
    items_free(&l->flight);
    free(l->handed_out);
    link_address_fini(&l->address);
    free(l);
}

/* Behind all that are not later: nearly always at the end. */
static void items_insert(struct items *list, struct item *i)
{
    struct item *before = list->last;
    while (before && before->at_us > i->at_us)
        before = before->previous;
    i->previous = before;
    i->next = before ? before->next : list->first;
    *(i->next ? &i->next->previous : &list->last) = i;
    *(before ? &before->next : &list->first) = i;
}

static struct item *items_take(struct items *list)
{
    struct item *i = list->first;
    list->first = i->next;
    *(i->next ? &i->next->previous : &list->last) = NULL;
    i->next = i->previous = NULL;
    return i;
}

static struct item *item_new(const void *data, size_t len_bytes, time_us sent_us)
{
    struct item *i = malloc(sizeof *i + len_bytes);
    if (!i)
        return NULL;
    *i = (struct item){.sent_us = sent_us, .len_bytes = len_bytes};
    memcpy(i->bytes, data, len_bytes);
    return i;
}

/* Lost by Gilbert-Elliott; then the state moves. */
static bool radio_loses(struct link *l)
{
    const struct link_loss *g = &l->profile->loss;
    struct link_random *r = &l->random[DRAW_LOSS];
    if (!g->on)
        return false;
    bool lost = !link_random_chance(r, l->bad ? g->delivery_in_bad : g->delivery_in_good);
    if (link_random_chance(r, l->bad ? g->bad_to_good : g->good_to_bad))
        l->bad = !l->bad;
    return lost;
}

static time_us draw_delay(struct link *l)
{
    const struct link_profile *p = l->profile;
    struct link_random *r = &l->random[DRAW_DELAY];
    double mean = (double)p->delay_us, sd = (double)p->jitter_sd_us, d = mean;
    if (sd > 0) {
        switch (p->jitter) {
        case LINK_JITTER_NONE:
            break;
        case LINK_JITTER_GAMMA:
            d = link_random_gamma(r, mean, sd);
            break;
        case LINK_JITTER_LOGNORMAL:
            d = link_random_lognormal(r, mean, sd);
            break;
        case LINK_JITTER_NORMAL:
            d = mean + sd * link_random_normal(r);
            break;
        case LINK_JITTER_UNIFORM:
            d = link_random_uniform(r, mean, sd);
            break;
        }
    }
    return d > 0 ? llround(d) : 0;
}

/* Gives a packet that was sent at i->at_us its time of arrival. */
static void fly(struct link *l, struct item *i)
{
    time_us out_us = i->at_us + draw_delay(l);
    if (out_us < l->last_out_us)
        out_us = l->last_out_us;
    if (l->profile->reorder > 0 &&
        link_random_chance(&l->random[DRAW_REORDER], l->profile->reorder)) {
        l->statistics.reordered++;
        out_us += LINK_REORDER_HOLD_US;
    } else {
        l->last_out_us = out_us;
    }
    i->at_us = out_us;
    items_insert(&l->flight, i);
}

static void duplicate(struct link *l, const struct item *i)
{
    if (l->profile->duplicate <= 0 ||
        !link_random_chance(&l->random[DRAW_DUPLICATE], l->profile->duplicate))
        return;
    struct item *copy = item_new(i->bytes, i->len_bytes, i->sent_us);
    if (!copy)
        return; /* a link without memory duplicates nothing */
    copy->at_us = i->at_us;
    copy->duplicate = true;
    items_insert(&l->flight, copy);
    l->statistics.duplicated++;
}

/* A packet has left the queue at i->at_us. */
static void served(struct link *l, struct item *i)
{
    const struct link_outages *o = &l->profile->outages;
    time_us edge;
    if (o->mode == LINK_OUTAGE_DROP && link_outage_at(o, i->at_us - l->start_us, &edge)) {
        l->statistics.lost_outage++;
        free(i);
    } else if (radio_loses(l)) {
        l->statistics.lost_radio++;
        free(i);
    } else {
        fly(l, i);
        duplicate(l, i);
    }
}

static void advance(struct link *l, time_us now_us)
{
    CHECK(now_us >= l->now_us);
    l->now_us = now_us;
    while (l->queue.first && l->queue.first->at_us <= now_us) {
        struct item *i = items_take(&l->queue);
        l->queue_bytes -= i->len_bytes + l->header_bytes;
        served(l, i);
    }
}

static void release(struct link *l)
{
    free(l->handed_out);
    l->handed_out = NULL;
}

int link_send(struct link *l, time_us now_us, const void *data, size_t len_bytes)
{
    release(l);
    advance(l, now_us);
    if (!data || len_bytes == 0 || len_bytes > LINK_PACKET_MAX)
        return SQ_ERR_INVALID;
    struct item *i = item_new(data, len_bytes, now_us);
    if (!i)
        return SQ_ERR_NOMEM;
    uint64_t size = len_bytes + l->header_bytes;
    l->statistics.sent++;
    l->statistics.sent_bytes += len_bytes;
    if (l->profile->mtu_bytes && size > l->profile->mtu_bytes) {
        l->statistics.lost_mtu++;
        free(i);
        return 0;
    }
    /* An empty queue takes any packet: it is the one being sent. */
    if (l->queue_bytes > 0 && l->queue_bytes + size > l->profile->queue_bytes) {
        l->statistics.lost_queue++;
        free(i);
        return 0;
    }
    l->queue_bytes += size;
    if (l->queue_bytes > l->statistics.queue_max_bytes)
        l->statistics.queue_max_bytes = l->queue_bytes;
    i->at_us = l->start_us + link_service_send(&l->service, now_us - l->start_us, size);
    items_insert(&l->queue, i);
    return 0;
}

static time_us address_us(const struct link *l)
{
    time_us next = link_address_next(&l->address);
    return next == TIME_US_NEVER ? next : l->start_us + next;
}

/* Outages that end before `before_us`. True: one changed the address. */
static bool address_changed(struct link *l, time_us before_us, struct link_event *out)
{
    for (time_us at = address_us(l); at <= before_us && at != TIME_US_NEVER; at = address_us(l)) {
        if (!link_address_pass(&l->address))
            continue;
        *out = (struct link_event){.type = LINK_ADDRESS_CHANGE, .delivered_us = at};
        l->statistics.address_changes++;
        return true;
    }
    return false;
}

bool link_next(struct link *l, time_us now_us, struct link_event *out)
{
    release(l);
    advance(l, now_us);
    const struct item *first = l->flight.first;
    bool packet = first && first->at_us <= now_us;
    if (address_changed(l, packet ? first->at_us : now_us, out))
        return true;
    if (!packet)
        return false;
    struct item *i = l->handed_out = items_take(&l->flight);
    *out = (struct link_event){.type = LINK_PACKET,
                               .data = i->bytes,
                               .len_bytes = i->len_bytes,
                               .sent_us = i->sent_us,
                               .delivered_us = i->at_us,
                               .duplicate = i->duplicate};
    l->statistics.delivered++;
    l->statistics.delivered_bytes += i->len_bytes;
    histogram_add(&l->delays, i->at_us - i->sent_us);
    return true;
}

time_us link_deadline(const struct link *l)
{
    time_us at = address_us(l);
    if (l->queue.first)
        at = time_us_min(at, l->queue.first->at_us);
    if (l->flight.first)
        at = time_us_min(at, l->flight.first->at_us);
    return at;
}

void link_get_statistics(const struct link *l, struct link_statistics *out)
{
    *out = l->statistics;
}

time_us link_delay_percentile_us(const struct link *l, double share)
{
    return histogram_percentile(&l->delays, share);
}
