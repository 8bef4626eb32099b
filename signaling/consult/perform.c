/* SPDX-License-Identifier: Apache-2.0 */
/* Commands of consult_step become effects: who is told what, what happens to the room. */
#include "signaling/consult/perform.h"
#include "shanqiao/error.h"
#include "signaling/service.h"
#include <stdio.h>
#include <string.h>

/* One step being turned into effects. The description is made at most once. */
struct telling {
    const struct consult_act *act;
    const struct consult_record *r;
    json_t *consultation; /* owned */
};

static int tell(struct telling *t, const char *account, const char *method, json_t *params)
{
    struct effect e = {.type = EFFECT_NOTIFY, .method = method, .params = params};
    if (!params)
        return SQ_ERR_NOMEM;
    snprintf(e.account, sizeof(e.account), "%s", account);
    snprintf(e.object, sizeof(e.object), "%s", t->r->id);
    return effects_add(t->act->effects, &e);
}

static int room(struct telling *t, enum effect_type type, const char *account)
{
    struct effect e = {.type = type};
    snprintf(e.object, sizeof(e.object), "%s", t->r->id);
    snprintf(e.account, sizeof(e.account), "%s", account);
    return effects_add(t->act->effects, &e);
}

static int describe_once(struct telling *t)
{
    return t->consultation ? 0 : consult_describe(t->act->service, t->r, &t->consultation);
}

static int tell_ring(struct telling *t, uint64_t members)
{
    int status = describe_once(t);
    for (int i = 0; i < t->r->step.member_count && status == 0; i++)
        if (members & consult_bit(i))
            status = tell(t, t->r->rung[i], "consultation.ring",
                          json_pack("{s:O}", "consultation", t->consultation));
    return status;
}

static int tell_ring_stopped(struct telling *t, uint64_t members, enum consult_ring_end why)
{
    int status = 0;
    for (int i = 0; i < t->r->step.member_count && status == 0; i++) {
        if (!(members & consult_bit(i)))
            continue;
        status =
            tell(t, t->r->rung[i], "consultation.ringStopped",
                 json_pack("{s:s, s:s}", "id", t->r->id, "reason", consult_ring_end_name(why)));
        if (status == 0)
            status = room(t, EFFECT_ROOM_REMOVE, t->r->rung[i]);
    }
    return status;
}

/* To the applicant and the specialist. Those who are rung have the ring itself, then its end. */
static int tell_each(struct telling *t, const char *method, json_t *params)
{
    const struct consult_record *r = t->r;
    int status = params ? 0 : SQ_ERR_NOMEM;
    for (int party = 0; party < SEATS && status == 0; party++) {
        const char *account = consult_record_account(r, consult_record_person(r, (enum seat)party));
        if (account[0])
            status = tell(t, account, method, json_incref(params));
    }
    json_decref(params);
    return status;
}

static int tell_state(struct telling *t)
{
    int status = describe_once(t);
    if (status < 0)
        return status;
    return tell_each(t, "consultation.state",
                     json_pack("{s:O, s:s}", "consultation", t->consultation, "by", t->act->by));
}

static int tell_presence(struct telling *t, int person)
{
    bool present = consult_presence_of(&t->r->step, person) == CONSULT_PRESENT;
    return tell_each(t, "consultation.participant",
                     json_pack("{s:s, s:s, s:b}", "id", t->r->id, "participantId",
                               consult_record_account(t->r, person), "present", present));
}

static int arm(struct telling *t)
{
    struct effect e = {.type = EFFECT_DEADLINE,
                       .at_utc_us = t->r->step.deadlines[CONSULT_DUE_STATE]};
    snprintf(e.object, sizeof(e.object), "%s", t->r->id);
    return effects_add(t->act->effects, &e);
}

static int carry_out(struct telling *t, const struct consult_command *c)
{
    switch (c->type) {
    case CONSULT_DO_RING:
        return tell_ring(t, c->members);
    case CONSULT_DO_STOP_RING:
        return tell_ring_stopped(t, c->members, c->why);
    case CONSULT_DO_ROOM_OPEN:
        return room(t, EFFECT_ROOM_OPEN, "");
    case CONSULT_DO_ROOM_LIVE:
        return room(t, EFFECT_ROOM_LIVE, "");
    case CONSULT_DO_ROOM_CLOSE:
        return room(t, EFFECT_ROOM_CLOSE, "");
    case CONSULT_DO_TELL_STATE:
        return tell_state(t);
    case CONSULT_DO_TELL_PRESENCE:
        return tell_presence(t, c->member);
    case CONSULT_DO_ARM:
        return arm(t);
    default:
        return 0;
    }
}

int consult_perform(const struct consult_act *act, struct consult_record *r,
                    const struct consult_event *e)
{
    struct consult_commands commands;
    const struct service_limits *limits = &act->service->limits;
    struct consult_times times = consult_times_default();
    times.ring_us = times.wave_us = limits->ring_timeout_us;
    times.start_us = limits->start_timeout_us;
    times.abandoned_us = limits->abandoned_timeout_us;
    struct telling t = {.act = act, .r = r};
    int status = consult_step(&r->step, e, &times, act->utc_us, &commands);
    if (status == 0)
        status = consult_record_save(act->service, r);
    for (size_t i = 0; i < commands.count && status == 0; i++)
        status = carry_out(&t, &commands.items[i]);
    json_decref(t.consultation);
    return status;
}
