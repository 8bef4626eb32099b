/* SPDX-License-Identifier: Apache-2.0 */
/* room.signal: a sign of the moment from one who is in the call to the others who are. */
#include "base/text.h"
#include "shanqiao/error.h"
#include "signaling/consult/audience.h"
#include "signaling/consult/perform.h"
#include "signaling/proto/jsonrpc.h"
#include "signaling/room/room.h"
#include <stdlib.h>
#include <string.h>

/* Kinds with a right of their own: the chair's, and the one thing that observers say. */
static const struct {
    const char *kind;
    enum act act;
} guarded[] = {{"floor", ACT_MODERATE}, {"mute", ACT_MODERATE}, {"hand", ACT_RAISE_HAND}};

static const char *param(const struct call *call, const char *name)
{
    const char *text = json_string_value(json_object_get(call->params, name));
    return text ? text : "";
}

static enum act act_of(const char *kind)
{
    for (size_t i = 0; i < sizeof guarded / sizeof guarded[0]; i++) {
        if (strcmp(guarded[i].kind, kind) == 0)
            return guarded[i].act;
    }
    return ACT_SIGNAL;
}

static int check_body(struct call *call)
{
    const json_t *body = json_object_get(call->params, "body");
    char *text = json_dumps(body, JSON_COMPACT);
    if (!text)
        return SQ_ERR_NOMEM;
    size_t len = strlen(text);
    bool deep = jsonrpc_depth(text, len, ROOM_SIGNAL_DEPTH_MAX) > ROOM_SIGNAL_DEPTH_MAX;
    free(text);
    if (len <= ROOM_SIGNAL_BYTES_MAX && !deep)
        return 0;
    return call_fail(call, SQ_ERR_LIMIT,
                     "The sign is larger than 8 KiB or deeper than 8 levels. Send less at a time.",
                     "信号内容超过 8 KiB 或层级过深，请减少内容后重发。");
}

static int person_of(const struct consult_record *r, const char *account)
{
    return strcmp(r->applicant, account) == 0 ? CONSULT_APPLICANT
                                              : consult_record_member(r, account);
}

static int add(struct call *call, const char *account, json_t *params)
{
    struct effect e = {
        .type = EFFECT_SIGNAL, .method = "room.signalled", .params = json_incref(params)};
    text_copy(e.account, sizeof e.account, account);
    return effects_add(&call->effects, &e);
}

/* `to` "": everybody who is in the call but the sender. *reached: how many. */
static int send(struct call *call, const struct consult_record *r, json_t *params, int *reached)
{
    const char *to = param(call, "to"), *self = call->caller->account;
    int status = 0;
    for (int i = -1; i < r->step.member_count && status == 0; i++) {
        int person = i < 0 ? CONSULT_APPLICANT : i;
        const char *account = consult_record_account(r, person);
        if (!account[0] || strcmp(account, self) == 0 || (to[0] && strcmp(account, to) != 0) ||
            !consult_attends(r, person))
            continue;
        status = add(call, account, params);
        *reached += 1;
    }
    return status;
}

static int signal_all(struct call *call, const struct consult_record *r)
{
    int reached = 0, status = check_body(call);
    if (status < 0)
        return status;
    if (!consult_attends(r, person_of(r, call->caller->account)))
        return call_fail(call, SQ_ERR_STATE, "You are not in this call. Enter it first.",
                         "您不在此次通话中，请先进入。");
    json_t *params =
        json_pack("{s:s, s:s, s:s, s:O}", "room", r->id, "by", call->caller->account, "kind",
                  param(call, "kind"), "body", json_object_get(call->params, "body"));
    status = params ? send(call, r, params, &reached) : SQ_ERR_NOMEM;
    json_decref(params);
    if (status == 0 && reached == 0 && param(call, "to")[0])
        return call_fail(call, SQ_ERR_NOT_FOUND, "This person is not in the call.",
                         "对方不在此次通话中。");
    return status;
}

int room_signal(struct call *call)
{
    struct consult_record *r = malloc(sizeof *r);
    int status = r ? consult_open(call, param(call, "room"), act_of(param(call, "kind")), r, NULL)
                   : SQ_ERR_NOMEM;
    if (status == 0) {
        status = signal_all(call, r);
        consult_record_clear(r);
    }
    free(r);
    return status;
}
