/* SPDX-License-Identifier: Apache-2.0 */
/* Requests and effects that travel to the node that owns the room, and the replies on their way
 * back. Each mail is done in a transaction of its own; a request stays until its reply is written,
 * so that whoever takes over from a dead owner does it again. */
#include "signaling/proto/across_mail.h"

#include "base/log.h"
#include "shanqiao/error.h"
#include "signaling/media/media.h"
#include "signaling/nodes/nodes.h"
#include "signaling/proto/life.h"
#include "signaling/proto/signal.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text ? text : "";
}

static void copy(char *to, size_t size, const json_t *object, const char *name)
{
    snprintf(to, size, "%s", text_of(object, name));
}

/* ---- out: requests ---- */

/* Named by itself, or by an object in it. "": of no room that is kept. */
static int room_of(struct nodes *n, const json_t *params, char room[ID_MAX])
{
    static const char *const names[] = {"transportId", "id", "consumerId", "producerId"};
    copy(room, ID_MAX, params, "room");
    int status = 0;
    for (size_t i = 0; i < sizeof names / sizeof names[0] && !room[0] && status == 0; i++) {
        const char *object = text_of(params, names[i]);
        if (*object)
            status = nodes_room_of(n, object, room);
    }
    return status;
}

static json_t *request_json(const struct unit *u, const struct pending *p)
{
    const struct caller *c = &p->caller;
    return json_pack("{s:s, s:s, s:I, s:s, s:O, s:{s:s, s:s, s:s, s:I, s:s}}", "node",
                     nodes_id(u->d->config.nodes), "boot", nodes_boot(u->d->config.nodes), "ticket",
                     (json_int_t)p->ticket, "method", p->method->name, "params", p->params,
                     "caller", "account", c->account, "session", c->session, "institution",
                     c->institution, "roles", (json_int_t)c->roles, "language", c->language);
}

bool across_call(struct unit *u, const struct pending *p)
{
    struct nodes *n = u->d->config.nodes;
    char room[ID_MAX], owner[NODE_ID_MAX];
    if (!n || u->error)
        return false;
    unit_fail(u, room_of(n, p->params, room));
    if (u->error || !room[0] || nodes_room(n, room, owner) != NODES_ELSEWHERE)
        return false;
    unit_fail(u, nodes_send(n, owner, "request", room, request_json(u, p)));
    return !u->error;
}

/* ---- in: requests, and their replies ---- */

static struct across_request *remember(struct dispatch *d, const struct nodes_mail *mail)
{
    struct across_request *r = calloc(1, sizeof *r);
    if (!r)
        return NULL;
    r->ticket = ACROSS_TICKET | (uint64_t)mail->number;
    r->there = json_integer_value(json_object_get(mail->body, "ticket"));
    copy(r->node, sizeof r->node, mail->body, "node");
    copy(r->boot, sizeof r->boot, mail->body, "boot");
    r->next = d->across;
    d->across = r;
    return r;
}

static void forget(struct dispatch *d, struct across_request *r)
{
    struct across_request **at = &d->across;
    while (*at != r)
        at = &(*at)->next;
    *at = r->next;
    free(r);
}

bool across_reply(struct unit *u, const struct media_output *out)
{
    struct nodes *n = u->d->config.nodes;
    struct across_request *r = u->d->across;
    if (!n || !(out->ticket & ACROSS_TICKET))
        return false;
    while (r && r->ticket != out->ticket)
        r = r->next;
    if (!r)
        return true;
    json_t *body = json_pack("{s:s, s:I, s:i, s:O*, s:s, s:s, s:s}", "boot", r->boot, "ticket",
                             (json_int_t)r->there, "error", out->error, "body", out->body, "object",
                             out->object, "en", out->message_en, "zh", out->message_zh);
    if (!u->error)
        unit_fail(u, nodes_send(n, r->node, "reply", "", body));
    else
        json_decref(body);
    if (!u->error)
        unit_fail(u, nodes_done(n, (int64_t)(r->ticket & ~ACROSS_TICKET)));
    forget(u->d, r);
    return true;
}

static void take_request(struct unit *u, const struct nodes_mail *mail)
{
    const json_t *c = json_object_get(mail->body, "caller");
    const struct method *method = dispatch_find_method(u->d, text_of(mail->body, "method"));
    struct caller caller = {.roles = (uint32_t)json_integer_value(json_object_get(c, "roles"))};
    struct across_request *r = method ? remember(u->d, mail) : NULL;
    copy(caller.account, sizeof caller.account, c, "account");
    copy(caller.session, sizeof caller.session, c, "session");
    copy(caller.institution, sizeof caller.institution, c, "institution");
    copy(caller.language, sizeof caller.language, c, "language");
    if (!r) {
        unit_fail(u, SQ_ERR_NOMEM);
        return;
    }
    media_call(u->d->config.media, r->ticket, method->name, &caller,
               json_object_get(mail->body, "params"), u->now_us);
    unit_take_media(u);
}

static void take_reply(struct unit *u, const struct nodes_mail *mail)
{
    json_t *b = mail->body;
    uint64_t ticket = (uint64_t)json_integer_value(json_object_get(b, "ticket"));
    bool ours = strcmp(text_of(b, "boot"), nodes_boot(u->d->config.nodes)) == 0;
    struct pending *p = ours ? dispatch_pending_find(u->d, ticket) : NULL;
    if (p)
        dispatch_finish(u, p, (int)json_integer_value(json_object_get(b, "error")),
                        json_object_get(b, "body"), text_of(b, "object"), text_of(b, "en"),
                        text_of(b, "zh"));
}

/* ---- in: effects and presence ---- */

static void take_effect(struct unit *u, const struct nodes_mail *mail)
{
    const json_t *b = mail->body;
    struct effect e = {.type = (enum effect_type)json_integer_value(json_object_get(b, "type"))};
    copy(e.object, sizeof e.object, b, "object");
    copy(e.account, sizeof e.account, b, "account");
    copy(e.session, sizeof e.session, b, "session");
    media_effect(u->d->config.media, &e, u->now_us);
    unit_take_media(u);
    across_done(u, &e);
}

static void take_presence(struct unit *u, const struct nodes_mail *mail)
{
    media_presence(u->d->config.media, text_of(mail->body, "session"),
                   json_is_true(json_object_get(mail->body, "there")), u->now_us);
    unit_take_media(u);
}

static void take_signal(struct unit *u, const struct nodes_mail *mail)
{
    signal_take_mail(u->d, mail->body);
}

/* ---- the box ---- */

static const struct {
    const char *kind;
    void (*take)(struct unit *u, const struct nodes_mail *mail);
    bool stays; /* until its reply is written */
} kinds[] = {{"request", take_request, true},
             {"reply", take_reply, false},
             {"effect", take_effect, false},
             {"presence", take_presence, false},
             {"signal", take_signal, false}};

static void take(struct unit *u, const struct nodes_mail *mail)
{
    size_t i = 0;
    while (i < sizeof kinds / sizeof kinds[0] && strcmp(kinds[i].kind, mail->kind) != 0)
        i++;
    if (i == sizeof kinds / sizeof kinds[0] || !u->d->config.media) {
        unit_fail(u, nodes_done(u->d->config.nodes, mail->number));
        return;
    }
    kinds[i].take(u, mail);
    if (!kinds[i].stays && !u->error)
        unit_fail(u, nodes_done(u->d->config.nodes, mail->number));
}

/* It went to a room that moved meanwhile: on to its owner. A room that nobody has is over. */
static bool forward(struct unit *u, const struct nodes_mail *mail)
{
    struct nodes *n = u->d->config.nodes;
    char owner[NODE_ID_MAX];
    if (!mail->room[0] || nodes_room(n, mail->room, owner) == NODES_HERE)
        return false;
    if (owner[0])
        unit_fail(u, nodes_send(n, owner, mail->kind, mail->room, json_incref(mail->body)));
    else if (strcmp(mail->kind, "request") == 0)
        return false; /* it is told that there is no such room */
    if (!u->error)
        unit_fail(u, nodes_done(n, mail->number));
    return true;
}

bool across_take_mail(struct dispatch *d, time_us now_us, time_us utc_us)
{
    struct nodes_mail mail;
    struct unit u;
    unit_begin(&u, d, now_us, utc_us);
    int found = u.error ? u.error : nodes_receive(d->config.nodes, &mail);
    unit_fail(&u, found);
    if (found == 1) {
        if (!forward(&u, &mail))
            take(&u, &mail);
        json_decref(mail.body);
    }
    return unit_end(&u) == 0 && found == 1;
}

void across_free(struct dispatch *d)
{
    while (d->across)
        forget(d, d->across);
}
