/* SPDX-License-Identifier: Apache-2.0 */
/* See perform.h: the chain of steps. What the commands mean outside is consult/tell.h. */
#include "signaling/consult/perform.h"
#include "shanqiao/error.h"
#include "signaling/consult/routing.h"
#include "signaling/consult/tell.h"
#include "signaling/duty/duty.h"
#include "signaling/service.h"
#include "signaling/store/store.h"
#include "signaling/webhook/webhook.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STEPS_MAX 64 /* of one act: a chain that is longer goes in a circle, which is our bug */

struct passed {
    enum consult_state state;
    enum consult_event_type event;
};

/* One act and what the system brings after it. */
struct chain {
    const struct consult_act *act;
    struct consult_record *r;
    struct consult_times times;
    struct tell tell;
    struct passed passed[STEPS_MAX];
    int passed_count;
    int steps;
    uint32_t settled; /* what an emergency owed and its taker's agreement does not ask for */
};

static struct consult_times times_of(const struct service_limits *limits,
                                     const struct consult_record *r)
{
    struct consult_times times = consult_times_default();
    times.ring_us = times.wave_us =
        r->place.ring_us > 0 ? r->place.ring_us : limits->ring_timeout_us;
    times.start_us = limits->start_timeout_us;
    times.abandoned_us = limits->abandoned_timeout_us;
    return times;
}

/* What the store knows beside the machine follows it. */
static int follow(struct chain *c, const struct consult_event *e)
{
    bool taken = e->type == CONSULT_ACCEPT || e->type == CONSULT_CLAIM;
    if (!taken || c->r->step.members[e->member].ring != CONSULT_RING_WON)
        return 0;
    int status = c->r->step.specialist == e->member
                     ? routing_follow(c->act, c->r, e->member, &c->settled)
                     : 0;
    const struct consult_person *person = &c->r->people[e->member];
    if (status == 0 && person->panel[0])
        status = duty_turn(c->act->service, person->panel, person->account, c->act->utc_us);
    return status;
}

static int one_step(struct chain *c, const struct consult_event *e)
{
    struct consult_commands commands;
    enum consult_state before = c->r->step.state;
    if (c->steps++ == STEPS_MAX)
        return SQ_ERR_INTERNAL;
    c->times = times_of(&c->act->service->limits, c->r);
    int status = consult_step(&c->r->step, e, &c->times, c->act->utc_us, &commands);
    if (status < 0)
        return status;
    if (c->r->step.state != before)
        c->passed[c->passed_count++] = (struct passed){c->r->step.state, e->type};
    status = follow(c, e);
    return status < 0 ? status : tell_take(&c->tell, &commands);
}

/* A board that nobody was asked for yet: the panel's head is asked to chair it. */
static bool wants_board(const struct consult *c)
{
    return c->kind == CONSULT_MDT && c->state == CONSULT_TRIAGED && c->member_count == 0;
}

/* The event that the system itself has to bring; false: none. */
static bool next_event(struct chain *c, struct consult_event *e, int *status)
{
    enum consult_event_type type = consult_next(&c->r->step);
    bool board = wants_board(&c->r->step);
    *status = 0;
    if (type == CONSULT_ROUTE || board) {
        *status = routing_route(c->act, c->r, e);
        return !board || *status < 0 || e->route.added > 0; /* else a coordinator names the chair */
    }
    *e = (struct consult_event){.type = type, .member = CONSULT_NOBODY};
    uint32_t settled = c->settled & c->r->step.backfill.left;
    if (type == CONSULT_EVENT_COUNT && settled) {
        e->type = CONSULT_BACKFILL;
        e->needs = settled;
    }
    return e->type != CONSULT_EVENT_COUNT;
}

/* A slot that nobody will come to is free again. */
static int free_slot(struct chain *c)
{
    const struct consult *now = &c->r->step;
    bool moot = !now->slot.start_utc_us || (consult_is_over(now->state) && !now->at.started_utc_us);
    if (!c->r->place.slot[0] || !moot)
        return 0;
    int status =
        STORE_LATER(c->act->service->store,
                    "UPDATE slot SET consultation = '' WHERE id = $1 AND consultation = $2",
                    sv_text(c->r->place.slot), sv_text(c->r->id));
    c->r->place.slot[0] = '\0';
    c->r->moved = true;
    return status < 0 ? status : 0;
}

static int write_history(const struct chain *c)
{
    int status = 0;
    for (int i = 0; i < c->passed_count && status >= 0; i++)
        status =
            STORE_LATER(c->act->service->store,
                        "INSERT INTO consultation_state (consultation, number, state, event,"
                        " at_us) VALUES ($1, $2, $3, $4, $5)",
                        sv_text(c->r->id), sv_int(c->r->revision * STEPS_MAX + i),
                        sv_text(consult_state_name(c->passed[i].state)),
                        sv_text(consult_event_name(c->passed[i].event)), sv_int(c->act->utc_us));
    return status < 0 ? status : 0;
}

/* What programs of others hear of: the state that it came to in the end. */
static struct webhook_event event_of(const struct chain *c)
{
    return (struct webhook_event){.type = "consultation.state",
                                  .consultation = c->r->id,
                                  .state = consult_state_name(c->r->step.state),
                                  .inviting = c->r->place.institution,
                                  .invited = c->r->place.invited,
                                  .utc_us = c->act->utc_us};
}

/* Who is to be told is asked first, so that it travels with the writes and with what people are
 * told of. */
static int write_and_tell(struct chain *c)
{
    struct service *s = c->act->service;
    struct webhook_event event = event_of(c);
    struct store_query programs = {0};
    if (c->passed_count > 0)
        webhook_ask(s, &event, &programs);
    int status = consult_record_save(s, c->r);
    if (status == 0)
        status = write_history(c);
    if (status == 0)
        status = tell_all(&c->tell);
    if (status == 0 && c->passed_count > 0)
        status = webhook_take(s, &event, &programs);
    store_query_end(&programs); /* where it was not looked at */
    return status;
}

int consult_perform(const struct consult_act *act, struct consult_record *r,
                    const struct consult_event *e)
{
    struct consult_event next;
    struct chain *c = calloc(1, sizeof(*c));
    if (!c)
        return SQ_ERR_NOMEM;
    c->act = act;
    c->r = r;
    tell_init(&c->tell, act, r);
    int status = one_step(c, e);
    while (status == 0 && next_event(c, &next, &status) && status == 0)
        status = one_step(c, &next);
    if (status == 0)
        status = free_slot(c);
    if (status == 0)
        status = write_and_tell(c);
    tell_fini(&c->tell);
    free(c);
    return status;
}

int consult_touch(const struct consult_act *act, struct consult_record *r)
{
    struct consult_commands commands = {
        .count = 1, .items = {{.type = CONSULT_DO_TELL_STATE, .member = CONSULT_NOBODY}}};
    struct tell tell;
    tell_init(&tell, act, r);
    int status = tell_take(&tell, &commands);
    if (status == 0)
        status = consult_record_save(act->service, r);
    if (status == 0)
        status = tell_all(&tell);
    tell_fini(&tell);
    return status;
}

struct consult_act consult_act_of(struct call *call)
{
    return (struct consult_act){.service = call->service,
                                .effects = &call->effects,
                                .by = call->caller->account,
                                .utc_us = call->utc_us};
}

int consult_explain(struct call *call, const struct consult_record *r, int error)
{
    if (error == SQ_ERR_CONFLICT)
        return call_fail(
            call, error,
            "Another specialist accepted this consultation first. There is nothing left to do.",
            "已有其他专家先接诊，您无需再操作。");
    if (error == SQ_ERR_DENIED)
        return call_fail(call, error, "The patient's consent for this is missing. Record it first.",
                         "缺少患者对此的知情同意，请先登记同意书。");
    if (error == SQ_ERR_STATE) {
        snprintf(call->message_en, sizeof(call->message_en),
                 "This is not possible while the consultation is \"%s\". Load it again.",
                 consult_state_name(r->step.state));
        snprintf(call->message_zh, sizeof(call->message_zh),
                 "会诊当前状态（%s）不允许此操作，请刷新后再试。",
                 consult_state_name(r->step.state));
    }
    return error;
}
