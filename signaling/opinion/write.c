/* SPDX-License-Identifier: Apache-2.0 */
/* The methods opinion.* that write: drafts, signatures, later versions, an MDT's conclusion. Which
 * of them is possible when is consult_step's to say; that a signed row stays is record.c's. */
#include "shanqiao/error.h"
#include "signaling/consult/perform.h"
#include "signaling/opinion/document.h"
#include "signaling/opinion/work.h"
#include "signaling/service.h"
#include "signaling/store/store.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a chair of a multi-disciplinary consultation writes is the conclusion. */
static enum opinion_kind kind_of(const struct opinion_work *w, const char *account)
{
    const struct consult *c = &w->consultation.step;
    int member = consult_record_member(&w->consultation, account);
    bool chair = c->kind == CONSULT_MDT && member >= 0 && c->members[member].role == CONSULT_CHAIR;
    return chair ? OPINION_CONCLUSION : OPINION_OF_EXPERT;
}

static int step(struct call *call, struct opinion_work *w, struct consult_event e)
{
    struct consult_act how = consult_act_of(call);
    if (e.type != CONSULT_EXCUSE)
        e.member = consult_record_member(&w->consultation, call->caller->account);
    return consult_perform(&how, &w->consultation, &e);
}

/* ---- drafts ---- */

/* The caller's version that is being written: a new one after `former` (NULL: the first), or the
 * draft of it that is there already. *out is the caller's to clear. */
static int open_draft(struct call *call, const struct opinion_work *w,
                      const struct opinion_record *former, enum opinion_kind kind,
                      struct opinion_record *out)
{
    const char *account = call->caller->account;
    const struct opinion_record *latest = opinion_list_latest(&w->opinions, account, kind);
    *out = (struct opinion_record){.kind = kind, .version = former ? former->version + 1 : 1};
    snprintf(out->consultation, ID_MAX, "%s", w->consultation.id);
    snprintf(out->author, ID_MAX, "%s", account);
    snprintf(out->supersedes, ID_MAX, "%s", former ? former->id : "");
    if (latest && latest != former) {
        if (latest->signed_utc_us)
            return SQ_ERR_STATE;
        snprintf(out->id, ID_MAX, "%s", latest->id);
        out->draft = json_incref(latest->draft);
    } else if (w->opinions.count >= OPINION_LIST_MAX) {
        return call_fail(call, SQ_ERR_LIMIT, "This consultation has too many versions of opinions.",
                         "本次会诊的意见版本过多。");
    }
    return 0;
}

/* Takes over the params' opinion as the draft. */
static int take_draft(struct call *call, struct opinion_record *o)
{
    json_t *given = json_object_get(call->params, "opinion");
    if (!given)
        return 0;
    json_decref(o->draft);
    if (!(o->draft = document_draft(given)))
        return SQ_ERR_NOMEM;
    return opinion_record_save(call->service, o, call->utc_us);
}

/* The caller's own signed version that nothing follows yet. */
static int find_former(struct call *call, const struct opinion_work *w, const char *id,
                       const struct opinion_record **out)
{
    const struct opinion_record *o = opinion_list_by_id(&w->opinions, id);
    *out = o;
    if (!o || !o->signed_utc_us)
        return call_fail(call, SQ_ERR_NOT_FOUND, "There is no such signed opinion.",
                         "没有这份已签署的意见。");
    if (strcmp(o->author, call->caller->account) != 0)
        return call_fail(call, SQ_ERR_DENIED,
                         "Only its author can replace an opinion by a new version.",
                         "只有原作者可以出具新版本意见。");
    if (opinion_list_successor(&w->opinions, o))
        return call_fail(call, SQ_ERR_CONFLICT,
                         "This version was replaced already. Load the opinions again.",
                         "该版本已被新版本替代，请刷新意见列表。");
    return 0;
}

int opinion_method_save(struct call *call)
{
    const char *after = json_string_value(json_object_get(call->params, "supersedes"));
    struct opinion_work *w = NULL;
    struct opinion_record o = {0};
    const struct opinion_record *former = NULL;
    int status = opinion_work_begin(call, after ? ACT_SUPERSEDE : ACT_WRITE_OPINION, &w);
    enum opinion_kind kind = status == 0 ? kind_of(w, call->caller->account) : OPINION_OF_EXPERT;
    if (status == 0 && after) /* the life cycle goes on when the new version is signed */
        status = find_former(call, w, after, &former);
    else if (status == 0)
        status = step(call, w, (struct consult_event){.type = CONSULT_SAVE});
    if (status == 0)
        status = open_draft(call, w, former, kind, &o);
    if (status == 0)
        status = take_draft(call, &o);
    opinion_record_clear(&o);
    opinion_work_free(w);
    return status;
}

/* ---- sign ---- */

/* What was just stored is read back and checked before it is committed: a signature is for ever,
 * and jansson drops characters of a text, without saying so, when its buffer can't grow. */
static int check_signed(struct service *s, const struct opinion_record *o)
{
    struct opinion_verdict verdict;
    int status = opinion_verify(s, o->consultation, o->id, &verdict);
    return status < 0 ? status : verdict.verified ? 0 : SQ_ERR_INTERNAL;
}

static int put_signature(struct call *call, const struct document_context *c,
                         struct opinion_record *o)
{
    struct signer *signer = call->service->signer;
    o->signed_utc_us = call->utc_us;
    snprintf(o->algorithm, sizeof(o->algorithm), "%s", signer->ops->algorithm);
    int status = document_make(call->service, c, o, o->algorithm);
    if (status == 0)
        status = signer->ops->sign(signer, o->author, o->canonical, strlen(o->canonical),
                                   o->signed_utc_us, &o->signature);
    if (status == 0)
        status = opinion_record_sign(call->service, o);
    return status < 0 ? status : check_signed(call->service, o);
}

static int reply_signed(struct call *call, const struct opinion_record *o)
{
    call->result = json_pack("{s:o}", "opinion", opinion_signed_json(o));
    return call->result ? 0 : SQ_ERR_NOMEM;
}

/* Names of those of `members` in *out, as many as fit. */
static int name_members(struct call *call, const struct consult_record *r, uint64_t members,
                        char *out, size_t size)
{
    size_t used = 0;
    int status = 0;
    out[0] = '\0';
    for (int i = 0; i < r->step.member_count && status == 0; i++) {
        struct store_query q;
        if (!(members & consult_bit(i)))
            continue;
        STORE_QUERY(call->service->store, &q, "SELECT name FROM account WHERE id = $1",
                    sv_text(r->people[i].account));
        const char *name = store_next(&q) ? store_text(&q, 0) : "";
        size_t len = strlen(name) + 2;
        if (used + len < size)
            used += (size_t)snprintf(out + used, size - used, "%s%s", used ? ", " : "", name);
        status = store_query_end(&q);
    }
    return status;
}

#define NAMES_MAX 128 /* a message has room for more */

/* Whose opinion the conclusion waits for. */
static int explain_conclude(struct call *call, const struct opinion_work *w, int status)
{
    char names[NAMES_MAX];
    const struct consult_record *r = &w->consultation;
    uint64_t missing = consult_unwritten(&r->step);
    if (status != SQ_ERR_STATE || !missing || r->step.state != CONSULT_OPINION_DRAFTED)
        return status;
    int named = name_members(call, r, missing, names, sizeof(names));
    snprintf(call->message_en, sizeof(call->message_en),
             "These experts have not signed: %s. Wait for them, or excuse them with the reason.",
             names);
    snprintf(call->message_zh, sizeof(call->message_zh),
             "以下专家尚未签署意见：%s。请等待其签署，或注明原因予以免除。", names);
    return named < 0 ? named : status;
}

static int explain_sign(struct call *call, const struct opinion_work *w, int status)
{
    enum opinion_kind kind = kind_of(w, call->caller->account);
    if (status != SQ_ERR_STATE || call->message_en[0])
        return status;
    return kind == OPINION_CONCLUSION
               ? call_fail(call, status,
                           "The chair signs the conclusion, once every expert has signed or was "
                           "excused (opinion.conclude).",
                           "主持人在各位专家均已签署或被免除后，签署会诊结论（opinion.conclude）。")
               : call_fail(
                     call, status,
                     "An opinion is signed once, after the call has ended. End the call first. A "
                     "signed opinion is replaced by a new version (opinion.supersede).",
                     "意见只能在会诊通话结束后签署一次，请先结束通话；已签署的意见只能出具新版本"
                     "。");
}

/* An event that is possible, then draft and signature. */
static int sign_version(struct call *call, struct opinion_work *w, struct consult_event e,
                        const struct document_context *c, struct opinion_record *o)
{
    int status = take_draft(call, o);
    if (status == 0 && !document_says_something(o->draft))
        return call_fail(call, SQ_ERR_INVALID, "The opinion is empty. Write it first.",
                         "意见内容为空，请先填写。");
    if (status == 0) {
        e.follow_up_days = document_follow_up_days(o->draft);
        status = step(call, w, e);
        if (e.type == CONSULT_CONCLUDE)
            status = explain_conclude(call, w, status);
        status = explain_sign(call, w, status);
    }
    if (status == 0)
        status = put_signature(call, c, o);
    return status < 0 ? status : reply_signed(call, o);
}

int opinion_method_sign(struct call *call)
{
    struct opinion_work *w = NULL;
    struct opinion_record o = {0};
    int status = opinion_work_begin(call, ACT_WRITE_OPINION, &w);
    if (status == 0 && kind_of(w, call->caller->account) == OPINION_CONCLUSION)
        status = explain_sign(call, w, SQ_ERR_STATE);
    if (status == 0)
        status = explain_sign(call, w, open_draft(call, w, NULL, OPINION_OF_EXPERT, &o));
    if (status == 0) {
        struct document_context c = {.consultation = &w->consultation, .opinions = &w->opinions};
        status = sign_version(call, w, (struct consult_event){.type = CONSULT_SIGN}, &c, &o);
    }
    opinion_record_clear(&o);
    opinion_work_free(w);
    return status;
}

/* ---- a later version ---- */

static int check_change(struct call *call, const struct opinion_record *former,
                        const struct opinion_record *o)
{
    json_t *given = json_object_get(call->params, "opinion");
    json_t *draft = given ? document_draft(given) : json_incref(o->draft);
    bool same = draft && json_equal(draft, former->draft);
    json_decref(draft);
    return same ? call_fail(call, SQ_ERR_INVALID,
                            "The new version says what the former says. Change it first.",
                            "新版本与原版本内容相同，请先修改。")
                : 0;
}

int opinion_method_supersede(struct call *call)
{
    const char *id = json_string_value(json_object_get(call->params, "opinionId"));
    struct opinion_work *w = NULL;
    struct opinion_record o = {0};
    const struct opinion_record *former = NULL;
    int status = opinion_work_begin(call, ACT_SUPERSEDE, &w);
    if (status == 0)
        status = find_former(call, w, id ? id : "", &former);
    if (status == 0)
        status = open_draft(call, w, former, former->kind, &o);
    if (status == 0)
        status = check_change(call, former, &o);
    if (status == 0) {
        struct document_context c = {.consultation = &w->consultation,
                                     .opinions = &w->opinions,
                                     .reason =
                                         json_string_value(json_object_get(call->params, "reason")),
                                     .dissent = json_object_get(call->params, "dissent")};
        status = sign_version(call, w, (struct consult_event){.type = CONSULT_SUPERSEDE}, &c, &o);
    }
    opinion_record_clear(&o);
    opinion_work_free(w);
    return status;
}

/* ---- the conclusion of an MDT ---- */

static int excuse(struct call *call, struct opinion_work *w, const json_t *entry)
{
    const char *account = json_string_value(json_object_get(entry, "author"));
    int member = consult_record_member(&w->consultation, account ? account : "");
    if (member < 0)
        return call_fail(call, SQ_ERR_INVALID, "Somebody excused is not of this consultation.",
                         "被免除的专家不属于本次会诊。");
    int status = step(call, w, (struct consult_event){.type = CONSULT_EXCUSE, .member = member});
    char name[NAMES_MAX];
    if (status != SQ_ERR_STATE || w->consultation.step.state != CONSULT_OPINION_DRAFTED)
        return status;
    int named = name_members(call, &w->consultation, consult_bit(member), name, sizeof(name));
    snprintf(call->message_en, sizeof(call->message_en),
             "%s has signed, was excused before, or is no expert here: leave this one out of "
             "\"excused\".",
             name);
    snprintf(call->message_zh, sizeof(call->message_zh),
             "%s已签署、此前已被免除或不是本次会诊的专家，请从免除名单中去掉。", name);
    return named < 0 ? named : status;
}

static int check_dissent(struct call *call, const struct opinion_work *w, const json_t *dissent)
{
    size_t i = 0;
    const json_t *entry = NULL;
    json_array_foreach(dissent, i, entry)
    {
        const char *author = json_string_value(json_object_get(entry, "author"));
        if (!author || !opinion_list_signed(&w->opinions, author, OPINION_OF_EXPERT))
            return call_fail(call, SQ_ERR_INVALID,
                             "Dissent is stated for somebody who signed no opinion here.",
                             "所列不同意见的专家在本次会诊中没有已签署的意见。");
    }
    return 0;
}

int opinion_method_conclude(struct call *call)
{
    const json_t *dissent = json_object_get(call->params, "dissent"), *entry = NULL;
    const json_t *excused = json_object_get(call->params, "excused");
    struct opinion_work *w = NULL;
    struct opinion_record o = {0};
    size_t i = 0;
    int status = opinion_work_begin(call, ACT_CONCLUDE, &w);
    if (status == 0)
        status = check_dissent(call, w, dissent);
    json_array_foreach(excused, i, entry)
    {
        if (status == 0)
            status = excuse(call, w, entry);
    }
    if (status == 0)
        status = explain_sign(call, w, open_draft(call, w, NULL, OPINION_CONCLUSION, &o));
    if (status == 0) {
        struct document_context c = {.consultation = &w->consultation,
                                     .opinions = &w->opinions,
                                     .dissent = dissent,
                                     .excused = excused};
        status = sign_version(call, w, (struct consult_event){.type = CONSULT_CONCLUDE}, &c, &o);
    }
    opinion_record_clear(&o);
    opinion_work_free(w);
    return status;
}
