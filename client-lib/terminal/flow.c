/* SPDX-License-Identifier: Apache-2.0 */
/* What the terminal does next. Level-triggered: each time the state of the consultation is heard of
 * (event, reply, or after signing in again) the row for (role, state) in STEPS is applied once, so
 * a terminal that was killed and started again finds its place without remembering anything. */
#include "client-lib/terminal/form.h"
#include "client-lib/terminal/terminal.h"
#include "shanqiao/error.h"
#include <stdlib.h>
#include <string.h>

#define REFUSALS_MAX 5 /* of a room, in a row: longer than another node needs to take it over */

static void copy_text(char *out, size_t size, const char *text)
{
    snprintf(out, size, "%s", text ? text : "");
}

void flow_asked(const struct terminal *t, int64_t request)
{
    if (request < 0)
        say(t, TEXT_REFUSED_BY_SERVER, sq_error_text((int)request, t->options->language));
}

void flow_finish(struct terminal *t, int exit_code)
{
    t->exit_code = exit_code;
    t->done = true;
}

/* ---- one step for each (role, state) ---- */

static void step_wait(struct terminal *t)
{
    t->current.wants_call = true;
}

static void step_talk(struct terminal *t)
{
    if (t->current.left)
        return; /* a person left; only that person comes back */
    const bool live = strcmp(t->current.state, "in_progress") == 0;
    t->current.wants_call = true;
    t->media.sending = true;
    if (live && !t->current.live_since_us)
        t->current.live_since_us = t->timeline.live_us = sq_now_us();
    if (!live)
        flow_asked(t, sq_consultation_enter(t->client, t->current.id));
}

/* Coming back into a talk that went on without us: the server needs to hear that we are in it
 * again. */
static void enter_again(struct terminal *t)
{
    if (strcmp(t->current.state, "in_progress") == 0 && !t->current.left)
        flow_asked(t, sq_consultation_enter(t->client, t->current.id));
}

static void step_call_over(struct terminal *t)
{
    t->current.wants_call = false;
    t->timeline.ended_us = sq_now_us();
    talk_leave(t);
}

/* One request: what is signed is what is shown here, or nothing. */
void flow_sign(struct terminal *t)
{
    struct sq_opinion opinion;
    form_to_opinion(&opinion, t->opinion);
    flow_asked(t, sq_opinion_sign(t->client, t->current.id, &opinion));
}

static void step_sign(struct terminal *t)
{
    step_call_over(t);
    if (t->options->automatic) {
        flow_sign(t);
        return;
    }
    say(t, TEXT_WRITE_OPINION, NULL);
    flow_asked(t,
               sq_opinion_get(t->client, t->current.id)); /* a draft of before, if there is one */
}

static void step_verify(struct terminal *t)
{
    t->current.wants_call = false;
    talk_leave(t);
    t->timeline.signed_us = sq_now_us();
    flow_asked(t, sq_opinion_get(t->client, t->current.id));
    flow_asked(t, sq_opinion_verify(t->client, t->current.id));
}

/* By itself it knows nothing of the patient, and says so. */
static void step_outcome(struct terminal *t)
{
    if (t->options->automatic)
        flow_asked(
            t, sq_consultation_outcome(t->client, t->current.id, "not known", "unknown", false));
}

static void step_archive(struct terminal *t)
{
    if (t->options->automatic)
        flow_asked(t, sq_consultation_archive(t->client, t->current.id));
}

static void step_done(struct terminal *t)
{
    talk_leave(t);
    say(t, TEXT_DONE, NULL);
    flow_finish(t, 0);
}

static void step_delivered(struct terminal *t)
{
    talk_leave(t);
    t->timeline.signed_us = sq_now_us();
    flow_asked(t, sq_opinion_verify(t->client, t->current.id));
}

static void step_failed(struct terminal *t)
{
    talk_leave(t);
    flow_finish(t, 2);
}

/* A specialist stays on duty when a case is over. */
static void step_next(struct terminal *t)
{
    talk_leave(t);
    if (t->options->automatic) {
        flow_finish(t, 2);
        return;
    }
    t->current = (struct current){0};
    say(t, TEXT_WAITING_FOR_RING, NULL);
}

/* The specialist was taken out: another one is sought, nobody talks meanwhile. */
static void step_rest(struct terminal *t)
{
    t->current.wants_call = false;
    t->current.live_since_us = 0;
    talk_leave(t);
}

static const struct {
    enum terminal_role role;
    const char *state;
    void (*step)(struct terminal *t);
} STEPS[] = {
    {ROLE_DOCTOR, "submitted", step_wait},
    {ROLE_DOCTOR, "triaged", step_rest},
    {ROLE_DOCTOR, "routed", step_wait},
    {ROLE_DOCTOR, "accepted", step_talk},
    {ROLE_DOCTOR, "in_progress", step_talk},
    {ROLE_DOCTOR, "interrupted", step_talk},
    {ROLE_DOCTOR, "opinion_drafted", step_call_over},
    {ROLE_DOCTOR, "delivered", step_verify},
    {ROLE_DOCTOR, "acknowledged", step_outcome},
    {ROLE_DOCTOR, "outcome_recorded", step_archive},
    {ROLE_DOCTOR, "archived", step_done},
    {ROLE_DOCTOR, "refused", step_failed},
    {ROLE_DOCTOR, "cancelled", step_failed},
    {ROLE_DOCTOR, "expired", step_failed},
    {ROLE_DOCTOR, "no_show", step_failed},
    {ROLE_SPECIALIST, "routed", step_wait},
    {ROLE_SPECIALIST, "accepted", step_talk},
    {ROLE_SPECIALIST, "in_progress", step_talk},
    {ROLE_SPECIALIST, "interrupted", step_talk},
    {ROLE_SPECIALIST, "opinion_drafted", step_sign},
    {ROLE_SPECIALIST, "delivered", step_delivered},
    {ROLE_SPECIALIST, "acknowledged", step_done},
    {ROLE_SPECIALIST, "archived", step_done},
    {ROLE_SPECIALIST, "cancelled", step_next},
    {ROLE_SPECIALIST, "expired", step_next},
    {ROLE_SPECIALIST, "no_show", step_next},
};

/* No place in this consultation any more: nothing of it is asked for again. */
static void taken_out(struct terminal *t, const char *why)
{
    say(t, TEXT_TAKEN_OUT, why);
    events_write(t, "taken_out", "id", t->current.id, NULL);
    if (t->options->role == ROLE_DOCTOR)
        step_failed(t);
    else
        step_next(t);
}

static void apply(struct terminal *t, const struct sq_consultation *c)
{
    if (strcmp(c->id, t->current.id) != 0 || c->revision < t->current.revision)
        return; /* not ours, or a reply that a newer notification has overtaken */
    t->current.revision = c->revision;
    copy_text(t->current.state, sizeof t->current.state, c->state);
    copy_text(t->current.specialist, sizeof t->current.specialist, c->specialist.id);
    if (t->done || strcmp(t->current.stepped, t->current.state) == 0)
        return;
    copy_text(t->current.stepped, sizeof t->current.stepped, c->state);
    say(t, TEXT_STATE, text_state(t, c->state));
    if (*c->reason)
        say(t, TEXT_REASON, text_reason(t, c->reason));
    if (t->window)
        window_title(t->window, text_state(t, c->state));
    events_write(t, "state", "state", c->state, "id", c->id, "reason", c->reason, NULL);
    for (size_t i = 0; i < sizeof STEPS / sizeof STEPS[0]; i++)
        if (STEPS[i].role == t->options->role && strcmp(STEPS[i].state, c->state) == 0)
            STEPS[i].step(t);
}

static void adopt(struct terminal *t, const struct sq_consultation *c)
{
    t->current = (struct current){0};
    copy_text(t->current.id, sizeof t->current.id, c->id);
    apply(t, c);
}

/* ---- signing in ---- */

static void login(struct terminal *t)
{
    flow_asked(t, sq_client_login(t->client, t->options->account, t->options->password,
                                  t->options->take_over));
}

int flow_start(struct terminal *t)
{
    char text[SAVED_TEXT_MAX];
    char *rest = saved_read(t, text);
    char *account = rest ? strsep(&rest, "\n") : NULL;
    t->opinion = t->options->opinion ? json_incref(t->options->opinion) : json_object();
    if (account && rest && sq_client_resume(t->client, rest) > 0) {
        copy_text(t->account, sizeof t->account, account);
        return SQ_OK;
    }
    login(t);
    return SQ_OK;
}

static void on_signed_in(struct terminal *t, const struct sq_reply *r)
{
    if (r->account)
        copy_text(t->account, sizeof t->account, r->account->id);
    say(t, TEXT_SIGNED_IN, r->account ? r->account->name : NULL);
    events_write(t, "signed_in", "account", t->account, NULL);
    flow_asked(t, sq_consultation_list(t->client, true));
    flow_asked(t, sq_client_list_panels(t->client));
}

void flow_accept(struct terminal *t)
{
    if (strcmp(t->current.state, "routed") != 0) {
        say(t, TEXT_NOTHING_RINGS, NULL);
        return;
    }
    t->timeline.accept_us = sq_now_us();
    events_write(t, "accept", "id", t->current.id, NULL);
    flow_asked(t, sq_consultation_accept(t->client, t->current.id));
}

static void print_summary(const struct terminal *t, const struct sq_consultation *c)
{
    char name[TEXT_CLEAN_MAX], complaint[TEXT_CLEAN_MAX], purpose[TEXT_CLEAN_MAX];
    printf("\a%s, %s, %d\n%s\n%s\n", text_clean(name, c->patient_name), text_sex(t, c->patient_sex),
           c->patient_age_years, text_clean(complaint, c->complaint),
           text_clean(purpose, c->purpose));
}

static void ring(struct terminal *t, const struct sq_consultation *c)
{
    t->timeline.ring_us = sq_now_us();
    events_write(t, "ring", "id", c->id, NULL);
    print_summary(t, c);
    say(t, TEXT_RINGING, NULL);
    adopt(t, c);
    t->current.wants_call = true;
    if (t->options->automatic)
        flow_accept(t);
}

/* Ours is what we asked for, accepted, or are being rung for. */
static bool concerns_us(const struct terminal *t, const struct sq_consultation *c)
{
    const bool written =
        strcmp(c->state, "delivered") == 0 || strcmp(c->state, "acknowledged") == 0;
    if (t->options->role == ROLE_DOCTOR)
        return strcmp(c->applicant.id, t->account) == 0;
    return strcmp(c->specialist.id, t->account) == 0 && (!written || t->options->automatic);
}

/* The list is the truth: what was replayed before it is older. */
static void on_list(struct terminal *t, const struct sq_reply *r)
{
    t->listed = true;
    for (size_t i = 0; i < r->consultation_count && !t->current.id[0]; i++) {
        const struct sq_consultation *c = &r->consultations[i];
        if (concerns_us(t, c)) {
            say(t, TEXT_RESUMED, NULL);
            events_write(t, "resumed", "id", c->id, "state", c->state, NULL);
            adopt(t, c);
            enter_again(t);
        } else if (t->options->role == ROLE_SPECIALIST && strcmp(c->state, "routed") == 0) {
            ring(t, c);
        }
    }
}

/* ---- doctor: submit; specialist: duty ---- */

static void submit(struct terminal *t, const char *panel_id)
{
    struct sq_consultation_request request;
    const char *missing = NULL;
    if (form_to_request(&request, t->options->consultation, panel_id, &missing)) {
        fprintf(stderr,
                "shanqiao-terminal: the request lacks %s. Add it to the file of --consultation.\n",
                missing);
        flow_finish(t, 1);
        return;
    }
    t->timeline.submit_us = sq_now_us();
    flow_asked(t, sq_consultation_submit(t->client, &request));
}

static void on_panels(struct terminal *t, const struct sq_reply *r)
{
    const char *chosen = r->panel_count ? r->panels[0].id : NULL;
    if (t->options->role == ROLE_SPECIALIST) {
        for (size_t i = 0; i < r->panel_count; i++)
            flow_asked(t, sq_client_set_duty(t->client, r->panels[i].id, true));
        return;
    }
    for (size_t i = 0; i < r->panel_count; i++)
        if (r->panels[i].on_duty > 0) {
            chosen = r->panels[i].id;
            break;
        }
    if (!t->current.id[0] && !t->timeline.submit_us)
        submit(t, chosen);
}

static void on_submitted(struct terminal *t, const struct sq_reply *r)
{
    t->timeline.submitted_us = sq_now_us();
    say(t, TEXT_SUBMITTED, NULL);
    events_write(t, "submitted", "id", r->consultations[0].id, NULL);
    adopt(t, &r->consultations[0]);
}

static void on_verified(struct terminal *t, const struct sq_reply *r)
{
    t->current.verified = r->verified;
    say(t, r->verified ? TEXT_OPINION_VERIFIED : TEXT_OPINION_NOT_VERIFIED,
        r->verified ? NULL : r->text);
    events_write(t, "opinion", "verified", r->verified ? "true" : "false", NULL);
    if (t->options->automatic && t->options->role == ROLE_DOCTOR && r->verified)
        flow_asked(t, sq_consultation_acknowledge(t->client, t->current.id));
}

/* The doctor reads it; a specialist who comes back finds the draft where it was. */
static void on_opinion(struct terminal *t, const struct sq_reply *r)
{
    json_t *result = json_loads(r->json, 0, NULL);
    json_t *text = json_object_get(json_object_get(result, "opinion"), "text");
    if (t->options->role == ROLE_DOCTOR)
        form_print_opinion(text, t->options->language);
    else if (text)
        json_object_update_missing(t->opinion, text);
    json_decref(result);
}

/* What consultation.get said after a reconnect: if the talk goes on, the server must know that we
 * are in it. */
static void on_consultation(struct terminal *t, const struct sq_reply *r)
{
    apply(t, &r->consultations[0]);
    if (strcmp(r->method, "consultation.get") == 0)
        enter_again(t);
}

static void on_duty(struct terminal *t)
{
    if (!t->current.id[0])
        say(t, TEXT_WAITING_FOR_RING, NULL);
    events_write(t, "on_duty", NULL);
}

/* ---- events ---- */

static void on_error(struct terminal *t, const struct sq_reply *r)
{
    if (strcmp(r->method, "duty.set") == 0 && r->error == SQ_ERR_DENIED)
        return; /* every panel is asked; this account is no member of that one */
    if (strcmp(r->method, "opinion.get") == 0 && t->options->role == ROLE_SPECIALIST)
        return; /* no draft yet */
    if (strcmp(r->method, "session.resume") == 0) {
        login(t); /* the stored session is over */
        return;
    }
    if (strcmp(r->method, "consultation.get") == 0 && t->current.id[0] &&
        (r->error == SQ_ERR_NOT_FOUND || r->error == SQ_ERR_DENIED)) {
        taken_out(t, r->text);
        return;
    }
    say(t, TEXT_REFUSED_BY_SERVER, r->text);
    events_write(t, "error", "method", r->method, "error", sq_error_name(r->error), NULL);
    if (strcmp(r->method, "auth.login") == 0 || strcmp(r->method, "consultation.submit") == 0)
        flow_finish(t, 1);
}

static void on_reply(struct terminal *t, const struct sq_reply *r)
{
    const char *m = r->method;
    if (r->error)
        on_error(t, r);
    else if (strcmp(m, "auth.login") == 0 || strcmp(m, "session.resume") == 0)
        on_signed_in(t, r);
    else if (strcmp(m, "consultation.list") == 0)
        on_list(t, r);
    else if (strcmp(m, "directory.panels") == 0)
        on_panels(t, r);
    else if (strcmp(m, "duty.set") == 0)
        on_duty(t);
    else if (strcmp(m, "consultation.submit") == 0 && r->consultation_count)
        on_submitted(t, r);
    else if (strcmp(m, "opinion.verify") == 0)
        on_verified(t, r);
    else if (strcmp(m, "opinion.get") == 0)
        on_opinion(t, r);
    else if (strcmp(m, "auth.logout") == 0)
        flow_finish(t, 1);
    else if (r->consultation_count == 1)
        on_consultation(t, r);
}

static void on_ring_stopped(struct terminal *t, const struct sq_notice *n)
{
    const bool ours = strcmp(t->current.specialist, t->account) == 0;
    if (strcmp(n->id, t->current.id) != 0 || (ours && strcmp(n->reason, "accepted_by_other") == 0))
        return;
    if (strcmp(n->reason, "removed") == 0) {
        taken_out(t, NULL);
        return;
    }
    say(t, TEXT_RING_STOPPED, text_reason(t, n->reason));
    talk_leave(t);
    t->current = (struct current){0};
}

static void on_notification(struct terminal *t, const struct sq_notice *n)
{
    if (strcmp(n->method, "consultation.removed") == 0 && strcmp(n->id, t->current.id) == 0)
        taken_out(t, NULL);
}

static void on_connection(struct terminal *t, const struct sq_connection *c)
{
    static const char *const NAMES[] = {"offline", "online", "ended"};
    events_write(t, "connection", "state", NAMES[c->state], "reason", c->reason, "error",
                 sq_error_name(c->error), NULL);
    if (c->state == SQ_CONNECTION_OFFLINE)
        say(t, t->account[0] ? TEXT_OFFLINE : TEXT_CANNOT_REACH,
            c->error ? sq_error_text(c->error, t->options->language) : NULL);
    if (c->state == SQ_CONNECTION_ONLINE && t->account[0]) {
        say(t, TEXT_BACK_ONLINE, NULL);
        if (t->current.id[0])
            flow_asked(t, sq_consultation_get(t->client, t->current.id));
    }
    if (c->state == SQ_CONNECTION_ENDED) {
        if (!t->quit_at_us)
            say(t, TEXT_SESSION_ENDED, c->reason);
        flow_finish(t, 1);
    }
}

/* A room that says again and again that there is no such room for us. The applicant has a place as
 * long as there is a consultation. */
static void count_refusal(struct terminal *t, const struct sq_call_change *c)
{
    const bool refused = c->error == SQ_ERR_NOT_FOUND || c->error == SQ_ERR_DENIED;
    t->current.refusals = refused ? t->current.refusals + 1 : 0;
    if (t->current.refusals >= REFUSALS_MAX && t->options->role == ROLE_SPECIALIST)
        taken_out(t, c->text);
}

static void on_call_state(struct terminal *t, const struct sq_call_change *c)
{
    static const struct {
        enum text_id text;
        const char *name;
        bool told;
    } STATES[] = {
        [SQ_CALL_CONNECTING] = {TEXT_COUNT, "connecting", false},
        [SQ_CALL_CONNECTED] = {TEXT_CALL_CONNECTED, "connected", true},
        [SQ_CALL_INTERRUPTED] = {TEXT_CALL_INTERRUPTED, "interrupted", true},
        [SQ_CALL_RECOVERED] = {TEXT_CALL_RECOVERED, "recovered", true},
        [SQ_CALL_FAILED] = {TEXT_CALL_FAILED, "failed", true},
        [SQ_CALL_CLOSED] = {TEXT_COUNT, "closed", false},
    };
    if (STATES[c->state].told)
        say(t, STATES[c->state].text, c->text);
    events_write(t, "call", "state", STATES[c->state].name, NULL);
    if ((c->state == SQ_CALL_FAILED || c->state == SQ_CALL_CLOSED) && c->handle == t->call) {
        talk_keep_stats(t);
        sq_call_free(t->call); /* flow_tick joins again while the state asks for it */
        t->call = NULL;
        count_refusal(t, c);
    }
}

void flow_event(struct terminal *t, const struct sq_event *e)
{
    switch (e->type) {
    case SQ_EVENT_CONNECTION:
        on_connection(t, &e->connection);
        break;
    case SQ_EVENT_REPLY:
        on_reply(t, &e->reply);
        break;
    case SQ_EVENT_RING:
        if (t->listed &&
            !t->current.id[0]) /* one at a time; the panel's other members are rung too */
            ring(t, &e->change.consultation);
        break;
    case SQ_EVENT_RING_STOPPED:
        on_ring_stopped(t, &e->notice);
        break;
    case SQ_EVENT_CONSULTATION:
        apply(t, &e->change.consultation);
        break;
    case SQ_EVENT_PARTICIPANT:
        if (strcmp(e->notice.account, t->account) != 0)
            say(t, e->notice.present ? TEXT_CAME : TEXT_WENT, NULL);
        break;
    case SQ_EVENT_CALL_STATE:
        on_call_state(t, &e->call);
        break;
    case SQ_EVENT_TRACK_ADDED:
    case SQ_EVENT_TRACK_REMOVED:
        media_track(t, e);
        break;
    case SQ_EVENT_NOTIFICATION:
        on_notification(t, &e->notice);
        break;
    case SQ_EVENT_QUALITY:
        say(t, TEXT_QUALITY, e->quality.text);
        break;
    default:
        break;
    }
}

void flow_tick(struct terminal *t, int64_t now_us)
{
    const struct current *c = &t->current;
    saved_write(t, now_us);
    if (t->quit_at_us && now_us >= t->quit_at_us)
        flow_finish(t, 1); /* the server did not answer; it finds out by itself */
    if (c->wants_call && !t->call && now_us >= t->retry_call_us)
        talk_join(t, now_us);
    if (t->call)
        talk_keep_stats(t);
    const bool over =
        c->live_since_us && now_us - c->live_since_us >= t->options->seconds * INT64_C(1000000);
    if (t->options->automatic && t->options->role == ROLE_SPECIALIST && over && !c->asked_end) {
        t->current.asked_end = true;
        talk_keep_stats(t);
        flow_asked(t, sq_consultation_end(t->client, c->id));
    }
}
