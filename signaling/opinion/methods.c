/* SPDX-License-Identifier: Apache-2.0 */
/* The methods opinion.* that read, the check that they and shanqiaoctl share, and the table of all.
 */
#include "shanqiao/error.h"
#include "signaling/opinion/document.h"
#include "signaling/opinion/work.h"
#include "signaling/service.h"
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

/* ---- who may see which version ---- */

#define WRITERS                                                                                    \
    (RIGHTS_BIT(RELATION_SPECIALIST) | RIGHTS_BIT(RELATION_MEMBER) | RIGHTS_BIT(RELATION_CHAIR))

/* Until an MDT is concluded, its members' opinions are among its members. */
static bool is_out(const struct opinion_work *w)
{
    return w->consultation.step.state >= CONSULT_OPINION_SIGNED || (w->relations & WRITERS) != 0;
}

static bool may_see(const struct opinion_work *w, const struct opinion_record *o,
                    const char *account)
{
    return strcmp(o->author, account) == 0 || (o->signed_utc_us && is_out(w));
}

/* The version that params ask for: opinionId, else the one that counts, else the caller's own
 * draft. NULL: there is none that they may see. */
static const struct opinion_record *find(const struct call *call, const struct opinion_work *w)
{
    const char *account = call->caller->account;
    const char *id = json_string_value(json_object_get(call->params, "opinionId"));
    const struct opinion_record *o =
        id ? opinion_list_by_id(&w->opinions, id) : opinion_list_current(&w->opinions);
    if (!id && (!o || !may_see(w, o, account))) {
        o = opinion_list_latest(&w->opinions, account, OPINION_CONCLUSION);
        if (!o)
            o = opinion_list_latest(&w->opinions, account, OPINION_OF_EXPERT);
    }
    return o && may_see(w, o, account) ? o : NULL;
}

static int no_opinion(struct call *call)
{
    return call_fail(call, SQ_ERR_NOT_FOUND, "There is no signed opinion yet.",
                     "尚无已签署的会诊意见。");
}

static int get(struct call *call)
{
    struct opinion_work *w = NULL;
    json_t *described = NULL;
    int status = opinion_work_begin(call, ACT_SEE_CLINICAL, &w);
    const struct opinion_record *o = status == 0 ? find(call, w) : NULL;
    if (status == 0)
        status =
            o ? opinion_describe(call->service, &w->opinions, o, &described) : no_opinion(call);
    if (status == 0) {
        call->result = json_pack("{s:o}", "opinion", described);
        status = call->result ? 0 : SQ_ERR_NOMEM;
    }
    opinion_work_free(w);
    return status;
}

/* Without what it says: 200 versions of six texts are more than a message holds. */
static int append_short(struct call *call, const struct opinion_work *w,
                        const struct opinion_record *o, json_t *list)
{
    json_t *one = NULL;
    int status = opinion_describe(call->service, &w->opinions, o, &one);
    if (status < 0)
        return status;
    json_object_del(one, "text");
    json_object_del(one, "canonical");
    json_object_del(one, "certificate");
    json_object_del(one, "signature");
    return json_array_append_new(list, one) == 0 ? 0 : SQ_ERR_NOMEM;
}

static int list(struct call *call)
{
    struct opinion_work *w = NULL;
    json_t *rows = json_array();
    int status = opinion_work_begin(call, ACT_SEE_CLINICAL, &w);
    if (status == 0 && !rows)
        status = SQ_ERR_NOMEM;
    for (size_t i = 0; status == 0 && i < w->opinions.count; i++)
        if (may_see(w, &w->opinions.items[i], call->caller->account))
            status = append_short(call, w, &w->opinions.items[i], rows);
    if (status == 0 && !(call->result = json_pack("{s:O}", "opinions", rows)))
        status = SQ_ERR_NOMEM;
    json_decref(rows);
    opinion_work_free(w);
    return status;
}

/* ---- verify ---- */

static const char *check_signature(struct service *s, const struct opinion_record *o, int *status)
{
    struct signer *signer = signer_for(s->signer, o->algorithm);
    if (!signer)
        return "signature_invalid";
    int checked = signer->ops->verify(signer, o->author, o->canonical, strlen(o->canonical),
                                      o->signed_utc_us, &o->signature);
    if (checked == SQ_ERR_DENIED)
        return "certificate_invalid";
    if (checked == SQ_ERR_FORGED)
        return "signature_invalid";
    *status = checked;
    return NULL;
}

int opinion_find_fault(struct service *s, const struct opinion_work *w,
                       const struct opinion_record *o, const char **reason)
{
    uint8_t hash[OPINION_HASH_BYTES];
    int status = 0;
    *reason = "not_signed";
    if (!o || !o->signed_utc_us)
        return 0;
    crypto_hash_sha256(hash, (const uint8_t *)o->canonical, strlen(o->canonical));
    *reason = "hash_mismatch";
    if (sodium_memcmp(hash, o->hash, sizeof(hash)) != 0)
        return 0;
    *reason = check_signature(s, o, &status);
    if (!*reason)
        *reason = document_matches(&w->consultation, &w->opinions, o) ? "ok" : "content_differs";
    return status;
}

/* A record that does not open under its place was changed in the store: that is a finding, not an
 * error. */
static int verdict_of(struct service *s, const struct opinion_work *w,
                      const struct opinion_record *o, int loaded, struct opinion_verdict *out)
{
    const char *reason = "hash_mismatch";
    int status = loaded == SQ_ERR_FORGED ? 0 : loaded;
    if (loaded == 0)
        status = opinion_find_fault(s, w, o, &reason);
    *out = (struct opinion_verdict){.verified = strcmp(reason, "ok") == 0, .reason = reason};
    return status;
}

int opinion_verify(struct service *s, const char *consultation, const char *opinion,
                   struct opinion_verdict *out)
{
    struct opinion_work *w = calloc(1, sizeof(*w));
    const struct opinion_record *o = NULL;
    if (!w)
        return SQ_ERR_NOMEM;
    int loaded = opinion_work_load(s, consultation, w), status = loaded;
    if (loaded == 0 && opinion && opinion[0]) {
        o = opinion_list_by_id(&w->opinions, opinion);
        status = o ? 0 : SQ_ERR_NOT_FOUND;
    } else if (loaded == 0) {
        o = opinion_list_current(&w->opinions);
    }
    if (status == 0 || (status == SQ_ERR_FORGED && w->consultation.request))
        status = verdict_of(s, w, o, loaded, out);
    opinion_work_free(w);
    return status;
}

static int verify(struct call *call)
{
    struct opinion_work *w = NULL;
    struct opinion_verdict verdict = {0};
    int loaded = opinion_work_begin(call, ACT_SEE_CLINICAL, &w), status = loaded;
    const struct opinion_record *o = loaded == 0 ? find(call, w) : NULL;
    if (loaded == 0 && !o && json_object_get(call->params, "opinionId"))
        status = no_opinion(call);
    else if (loaded == 0 || (loaded == SQ_ERR_FORGED && w->consultation.request))
        status = verdict_of(call->service, w, o, loaded, &verdict);
    opinion_work_free(w);
    if (status < 0)
        return status;
    call->result =
        json_pack("{s:b, s:s}", "verified", (int)verdict.verified, "reason", verdict.reason);
    return call->result ? 0 : SQ_ERR_NOMEM;
}

static const struct method methods[] = {
    {.name = "opinion.save", .flags = METHOD_WRITES, .handle = opinion_method_save},
    {.name = "opinion.sign", .flags = METHOD_WRITES, .handle = opinion_method_sign},
    {.name = "opinion.supersede", .flags = METHOD_WRITES, .handle = opinion_method_supersede},
    {.name = "opinion.conclude", .flags = METHOD_WRITES, .handle = opinion_method_conclude},
    {.name = "opinion.get", .flags = METHOD_VIEWS, .handle = get},
    {.name = "opinion.list", .flags = METHOD_VIEWS, .handle = list},
    {.name = "opinion.verify", .flags = METHOD_VIEWS, .handle = verify},
};
const struct method_table opinion_method_table = {methods, sizeof(methods) / sizeof(methods[0])};
