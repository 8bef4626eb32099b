/* SPDX-License-Identifier: Apache-2.0 */
/* The methods opinion.*, and the check that they and shanqiaoctl share. */
#include "shanqiao/error.h"
#include "signaling/consult/perform.h"
#include "signaling/directory/directory.h"
#include "signaling/opinion/document.h"
#include "signaling/opinion/opinion.h"
#include "signaling/service.h"
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BASE64_MAX (4 * ((SIGNER_SIGNATURE_MAX + 2) / 3) + 1)
#define HEX_SIZE   (2 * OPINION_HASH_BYTES + 1)

/* A consultation and its opinion, while one method runs. */
struct work {
    struct consult_record consultation;
    struct opinion_record opinion;
    bool exists; /* the opinion has a row */
};

static void work_free(struct work *w)
{
    if (!w)
        return;
    consult_record_clear(&w->consultation);
    opinion_record_clear(&w->opinion);
    free(w);
}

static int load(struct service *s, const char *id, struct work *w)
{
    int status = consult_record_load(s, id, &w->consultation);
    if (status < 0)
        return status;
    status = opinion_record_load(s, id, &w->opinion);
    w->exists = status == 0;
    return status == SQ_ERR_NOT_FOUND ? 0 : status;
}

static int begin(struct call *call, enum act act, struct work **out)
{
    const char *id = json_string_value(json_object_get(call->params, "consultationId"));
    struct work *w = *out = calloc(1, sizeof(*w));
    if (!w)
        return SQ_ERR_NOMEM;
    int status = load(call->service, id ? id : "", w);
    if (status < 0 && !w->consultation.request)
        return status; /* no consultation: nothing to have rights on */
    uint32_t roles = call->caller->roles;
    enum relation relation = consult_record_relation(&w->consultation, call->caller->account);
    snprintf(call->audit_object, sizeof(call->audit_object), "%s", w->consultation.id);
    if (rights_allow(roles, relation, act))
        return status;
    return rights_allow(roles, relation, ACT_SEE) ? SQ_ERR_DENIED : SQ_ERR_NOT_FOUND;
}

static int step(struct call *call, struct work *w, enum consult_event_type type)
{
    struct consult_act how = {.service = call->service,
                              .effects = &call->effects,
                              .by = call->caller->account,
                              .utc_us = call->utc_us};
    struct consult_event e = {.type = type, .member = w->consultation.step.specialist};
    int status = consult_perform(&how, &w->consultation, &e);
    if (status == SQ_ERR_STATE && type == CONSULT_SIGN)
        return call_fail(call, status,
                         "An opinion is signed once, after the call has ended. End the call first.",
                         "意见只能在会诊通话结束后签署一次，请先结束通话。");
    return status;
}

/* Takes over the params' opinion as the draft. */
static int take_draft(struct call *call, struct work *w)
{
    json_t *given = json_object_get(call->params, "opinion");
    if (!given)
        return 0;
    json_decref(w->opinion.draft);
    if (!(w->opinion.draft = document_draft(given)))
        return SQ_ERR_NOMEM;
    snprintf(w->opinion.author, sizeof(w->opinion.author), "%s", call->caller->account);
    int status = opinion_record_save(call->service, &w->opinion, call->utc_us);
    w->exists = w->exists || status == 0;
    return status;
}

static int save(struct call *call)
{
    struct work *w = NULL;
    int status = begin(call, ACT_WRITE_OPINION, &w);
    if (status == 0)
        status = step(call, w, CONSULT_SAVE);
    if (status == 0)
        status = take_draft(call, w);
    work_free(w);
    return status;
}

/* ---- sign ---- */

static json_t *signed_json(const struct opinion_record *o)
{
    char hex[HEX_SIZE], base64[BASE64_MAX], signed_at[SERVICE_TIME_MAX];
    sodium_bin2hex(hex, sizeof(hex), o->hash, sizeof(o->hash));
    sodium_bin2base64(base64, sizeof(base64), o->signature.bytes, o->signature.len_bytes,
                      sodium_base64_VARIANT_ORIGINAL);
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "id", o->id, "canonical", o->canonical,
                     "signature", base64, "algorithm", o->algorithm, "hash", hex, "certificate",
                     o->signature.certificate, "signedAt",
                     service_time_text(o->signed_utc_us, signed_at));
}

static int put_signature(struct call *call, struct work *w)
{
    struct opinion_record *o = &w->opinion;
    struct signer *signer = call->service->signer;
    o->signed_utc_us = call->utc_us;
    snprintf(o->algorithm, sizeof(o->algorithm), "%s", signer->ops->algorithm);
    int status = document_make(call->service, &w->consultation, o, o->algorithm);
    if (status == 0)
        status = signer->ops->sign(signer, o->author, o->canonical, strlen(o->canonical),
                                   o->signed_utc_us, &o->signature);
    if (status == 0)
        status = opinion_record_sign(call->service, o);
    return status;
}

static int sign_and_deliver(struct call *call, struct work *w)
{
    int status = step(call, w, CONSULT_SIGN);
    if (status == 0)
        status = take_draft(call, w);
    if (status == 0 && (!w->exists || !document_says_something(w->opinion.draft)))
        return call_fail(call, SQ_ERR_INVALID, "The opinion is empty. Write it first.",
                         "意见内容为空，请先填写。");
    if (status == 0)
        status = put_signature(call, w);
    if (status == 0)
        status = step(call, w, CONSULT_DELIVER);
    return status;
}

static int sign(struct call *call)
{
    struct work *w = NULL;
    int status = begin(call, ACT_WRITE_OPINION, &w);
    if (status == 0)
        status = sign_and_deliver(call, w);
    if (status == 0) {
        call->result = json_pack("{s:o}", "opinion", signed_json(&w->opinion));
        status = call->result ? 0 : SQ_ERR_NOMEM;
    }
    work_free(w);
    return status;
}

/* ---- get, verify ---- */

static int describe(struct call *call, const struct opinion_record *o, json_t **out)
{
    json_t *author = NULL;
    bool is_signed = o->signed_utc_us != 0;
    int status = directory_person(call->service, o->author, &author);
    if (status < 0)
        return status;
    json_t *described =
        json_pack("{s:s, s:s, s:o, s:b, s:O}", "id", o->id, "consultationId", o->consultation,
                  "author", author, "signed", (int)is_signed, "text", o->draft);
    if (described && is_signed) {
        json_t *more = signed_json(o);
        if (json_object_update(described, more) != 0) {
            json_decref(described);
            described = NULL;
        }
        json_decref(more);
    }
    *out = described;
    return described ? 0 : SQ_ERR_NOMEM;
}

static int get(struct call *call)
{
    struct work *w = NULL;
    json_t *described = NULL;
    int status = begin(call, ACT_SEE, &w);
    bool author = status == 0 && strcmp(w->opinion.author, call->caller->account) == 0;
    if (status == 0 && (!w->exists || (!author && !w->opinion.signed_utc_us)))
        status = call_fail(call, SQ_ERR_NOT_FOUND, "There is no signed opinion yet.",
                           "尚无已签署的会诊意见。");
    if (status == 0)
        status = describe(call, &w->opinion, &described);
    if (status == 0) {
        call->result = json_pack("{s:o}", "opinion", described);
        status = call->result ? 0 : SQ_ERR_NOMEM;
    }
    work_free(w);
    return status;
}

static const char *find_fault(struct service *s, const struct work *w, int *status)
{
    const struct opinion_record *o = &w->opinion;
    uint8_t hash[OPINION_HASH_BYTES];
    if (!w->exists || !o->signed_utc_us)
        return "not_signed";
    crypto_hash_sha256(hash, (const uint8_t *)o->canonical, strlen(o->canonical));
    if (sodium_memcmp(hash, o->hash, sizeof(hash)) != 0)
        return "hash_mismatch";
    if (strcmp(o->algorithm, s->signer->ops->algorithm) != 0)
        return "signature_invalid";
    int checked = s->signer->ops->verify(s->signer, o->author, o->canonical, strlen(o->canonical),
                                         o->signed_utc_us, &o->signature);
    if (checked == SQ_ERR_DENIED)
        return "certificate_invalid";
    if (checked == SQ_ERR_FORGED)
        return "signature_invalid";
    *status = checked;
    return document_matches(&w->consultation, o) ? NULL : "content_differs";
}

/* A record that does not open under its place was changed in the store: that is a finding, not an
 * error. */
static int verdict_of(struct service *s, const struct work *w, int loaded,
                      struct opinion_verdict *out)
{
    int status = loaded == SQ_ERR_FORGED ? 0 : loaded;
    if (status < 0)
        return status;
    const char *fault = loaded == SQ_ERR_FORGED ? "hash_mismatch" : find_fault(s, w, &status);
    *out = (struct opinion_verdict){.verified = fault == NULL, .reason = fault ? fault : "ok"};
    return status;
}

int opinion_verify(struct service *s, const char *consultation, struct opinion_verdict *out)
{
    struct work *w = calloc(1, sizeof(*w));
    if (!w)
        return SQ_ERR_NOMEM;
    int status = verdict_of(s, w, load(s, consultation, w), out);
    work_free(w);
    return status;
}

static int verify(struct call *call)
{
    struct work *w = NULL;
    struct opinion_verdict verdict = {0};
    int status = begin(call, ACT_SEE, &w);
    if (status == 0 || (status == SQ_ERR_FORGED && w->consultation.request))
        status = verdict_of(call->service, w, status, &verdict);
    work_free(w);
    if (status < 0)
        return status;
    call->result =
        json_pack("{s:b, s:s}", "verified", (int)verdict.verified, "reason", verdict.reason);
    return call->result ? 0 : SQ_ERR_NOMEM;
}

static const struct method methods[] = {
    {.name = "opinion.save", .flags = METHOD_WRITES, .handle = save},
    {.name = "opinion.sign", .flags = METHOD_WRITES, .handle = sign},
    {.name = "opinion.get", .flags = METHOD_READS, .handle = get},
    {.name = "opinion.verify", .flags = METHOD_READS, .handle = verify},
};
const struct method_table opinion_method_table = {methods, sizeof(methods) / sizeof(methods[0])};
