/* SPDX-License-Identifier: Apache-2.0 */
/* The open loop: a Poisson process asks for requests whether the server keeps up or not, and delays
 * count from when a request was due. Each arrival is the next step of the consultation that has
 * waited longest, or a new submit where none waits. */
#include "base/check.h"
#include "base/text.h"
#include "loadtest/signaling/load.h"
#include "shanqiao/error.h"
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SLOT_MASK    (LOAD_PENDING_MAX - 1)
#define SLOT_BITS    16
#define ARRIVALS_MAX 256 /* in one turn: the sockets are read too */

_Static_assert(FLOW_STEPS_MAX <= REPORT_METHODS_MAX, "each step has its line of the report");
_Static_assert(LOAD_PENDING_MAX == 1 << SLOT_BITS, "a slot fits its bits of a tag");

int traffic_new(struct load *l)
{
    struct traffic *t = &l->traffic;
    t->pending = calloc(LOAD_PENDING_MAX, sizeof *t->pending);
    t->consults = calloc(LOAD_PENDING_MAX, sizeof *t->consults);
    t->free_slots = calloc(LOAD_PENDING_MAX, sizeof *t->free_slots);
    t->ready = calloc(LOAD_PENDING_MAX, sizeof *t->ready);
    t->applicants = calloc(l->active_count + 1, sizeof *t->applicants);
    t->specialists = calloc(l->active_count + 1, sizeof *t->specialists);
    if (!t->pending || !t->consults || !t->free_slots || !t->ready || !t->applicants ||
        !t->specialists)
        return SQ_ERR_NOMEM;
    for (uint32_t i = 0; i < LOAD_PENDING_MAX; i++)
        t->free_slots[t->free_count++] = LOAD_PENDING_MAX - 1 - i;
    t->steps = flow_steps(l->options->flow, &t->step_count);
    for (size_t i = 0; i < t->step_count; i++)
        l->report.methods[i].name =
            t->steps[i].by_specialist && !strcmp(t->steps[i].method, "consultation.enter")
                ? "consultation.enter (2nd)"
                : t->steps[i].method;
    return 0;
}

void traffic_free(struct traffic *t)
{
    free(t->pending);
    free(t->consults);
    free(t->free_slots);
    free(t->ready);
    free(t->applicants);
    free(t->specialists);
    memset(t, 0, sizeof *t);
}

static void forget(struct traffic *t, uint32_t slot)
{
    struct consult *c = &t->consults[slot];
    uint32_t generation = c->generation + 1;
    *c = (struct consult){.generation = generation};
    t->free_slots[t->free_count++] = slot;
}

static void make_ready(struct traffic *t, uint32_t slot)
{
    CHECK(t->ready_count < LOAD_PENDING_MAX);
    t->ready[(t->ready_first + t->ready_count++) & SLOT_MASK] = slot;
}

static uint64_t tag_of(const struct traffic *t, uint32_t slot)
{
    return (uint64_t)t->consults[slot].generation << SLOT_BITS | slot;
}

/* A reply and a ring are both needed before the specialist can act. */
static void go_on(struct traffic *t, uint32_t slot)
{
    struct consult *c = &t->consults[slot];
    if (c->step == 1 && (!c->replied || !c->rung))
        return;
    if (c->step == t->step_count)
        forget(t, slot);
    else
        make_ready(t, slot);
}

static void send_step(struct load *l, uint32_t slot, time_us due_us, time_us now_us)
{
    struct traffic *t = &l->traffic;
    struct consult *c = &t->consults[slot];
    const struct flow_step *step = &t->steps[c->step];
    uint64_t number = ++t->last_number;
    struct pending *p = &t->pending[number & SLOT_MASK];
    char id[64];
    if (p->number) {
        load_count_error(l, "no_reply");
        t->outstanding--;
    }
    snprintf(id, sizeof id, "load-%s-%" PRIu64, l->nonce, number);
    uint32_t by = step->by_specialist ? c->specialist : c->applicant;
    struct flow_request r = {.step = step,
                             .request_id = id,
                             .consultation = c->id,
                             .panel = l->terminals[c->specialist].account->panel,
                             .tag = tag_of(t, slot)};
    *p = (struct pending){number, by, slot, c->step, due_us};
    t->outstanding++;
    l->report.sent++;
    l->report.submitted += c->step == 0;
    latency_add(&l->report.late, now_us - due_us);
    char *text = flow_text(&r);
    bool sent = text && load_send(l, by, text);
    free(text);
    if (sent)
        return;
    load_count_error(l, "not_sent");
    p->number = 0;
    t->outstanding--;
    forget(t, slot);
}

static void arrive(struct load *l, time_us due_us, time_us now_us)
{
    struct traffic *t = &l->traffic;
    uint32_t slot;
    if (t->ready_count) {
        slot = t->ready[t->ready_first++ & SLOT_MASK];
        t->ready_count--;
    } else if (t->free_count) {
        slot = t->free_slots[--t->free_count];
        struct consult *c = &t->consults[slot];
        c->used = true;
        c->due_us = due_us;
        c->applicant = t->applicants[link_random_u64(&l->random) % t->applicant_count];
        c->specialist = t->specialists[link_random_u64(&l->random) % t->specialist_count];
    } else {
        load_count_error(l, "harness_full");
        return;
    }
    send_step(l, slot, due_us, now_us);
}

static time_us gap_us(struct load *l)
{
    double unit = 1 - link_random_unit(&l->random); /* (0, 1] */
    return (time_us)(-log(unit) / l->options->rate * (double)TIME_US_PER_S);
}

void traffic_start(struct load *l, time_us now_us)
{
    struct traffic *t = &l->traffic;
    for (uint32_t i = 0; i < l->active_count; i++) {
        const struct terminal *terminal = &l->terminals[i];
        if (terminal->phase != TERMINAL_READY)
            continue;
        if (terminal->account->role == ACCOUNT_APPLICANT)
            t->applicants[t->applicant_count++] = i;
        else
            t->specialists[t->specialist_count++] = i;
    }
    t->next_us = t->applicant_count && t->specialist_count && l->options->rate > 0
                     ? now_us + gap_us(l)
                     : TIME_US_NEVER;
}

time_us traffic_turn(struct load *l, time_us now_us)
{
    struct traffic *t = &l->traffic;
    for (int i = 0; !t->ended && i < ARRIVALS_MAX && t->next_us <= now_us; i++) {
        time_us due_us = t->next_us;
        t->next_us += gap_us(l);
        arrive(l, due_us, now_us);
    }
    return t->ended ? TIME_US_NEVER : t->next_us;
}

/* ---- what comes back ---- */

static void count_refusal(struct load *l, const json_t *error)
{
    const char *name = json_string_value(json_object_get(json_object_get(error, "data"), "error"));
    char code[32];
    snprintf(code, sizeof code, "code%" JSON_INTEGER_FORMAT,
             json_integer_value(json_object_get(error, "code")));
    load_count_error(l, name ? name : code);
}

void traffic_reply(struct load *l, uint64_t number, const json_t *message, time_us now_us)
{
    struct traffic *t = &l->traffic;
    struct pending *p = &t->pending[number & SLOT_MASK];
    const json_t *error = json_object_get(message, "error");
    if (p->number != number || !number) {
        load_count_error(l, "unknown_reply");
        return;
    }
    struct consult *c = &t->consults[p->consult];
    uint32_t slot = p->consult;
    latency_add(&l->report.reply, now_us - p->due_us);
    latency_add(&l->report.methods[p->step].reply, now_us - p->due_us);
    l->report.replied++;
    p->number = 0;
    t->outstanding--;
    if (error) {
        count_refusal(l, error);
        forget(t, slot);
        return;
    }
    if (p->step == 0) {
        const json_t *made = json_object_get(json_object_get(message, "result"), "consultation");
        const char *id = json_string_value(json_object_get(made, "id"));
        if (!id || strlen(id) >= sizeof c->id) {
            load_count_error(l, "odd_reply");
            forget(t, slot);
            return;
        }
        text_copy(c->id, sizeof c->id, id);
        c->replied = true;
    }
    c->step = p->step + 1;
    go_on(t, slot);
}

void traffic_ring(struct load *l, uint32_t terminal, const json_t *params, time_us now_us)
{
    struct traffic *t = &l->traffic;
    const json_t *about = json_object_get(params, "consultation");
    const char *complaint = json_string_value(json_object_get(about, "complaint"));
    uint64_t tag = 0;
    if (!complaint || !flow_tag(complaint, &tag) || tag != tag_of(t, (uint32_t)(tag & SLOT_MASK)))
        return; /* somebody else's, or one that was given up */
    uint32_t slot = (uint32_t)(tag & SLOT_MASK);
    struct consult *c = &t->consults[slot];
    if (!c->used || c->rung)
        return; /* another member of its panel was first */
    c->rung = true;
    c->specialist = terminal;
    l->report.rung++;
    latency_add(&l->report.ring, now_us - c->due_us);
    if (c->step == 1)
        go_on(t, slot);
}

void traffic_settle(struct load *l)
{
    struct traffic *t = &l->traffic;
    for (size_t i = 0; i < LOAD_PENDING_MAX; i++) {
        if (t->pending[i].number)
            load_count_error(l, "no_reply");
        if (t->consults[i].used && t->consults[i].replied && !t->consults[i].rung)
            load_count_error(l, "no_ring");
    }
}
