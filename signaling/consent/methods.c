/* SPDX-License-Identifier: Apache-2.0 */
/* The methods consent.*, and the consent that comes with a request. What a purpose switches on or
 * off is told to the life cycle as an event, in the same transaction. */
#include "shanqiao/error.h"
#include "signaling/consent/record.h"
#include "signaling/consult/perform.h"
#include "signaling/service.h"
#include "signaling/store/store.h"
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define HEX_SIZE       (2 * CONSENT_HASH_BYTES + 1)
#define CLOCK_SLACK_US (5 * 60 * TIME_US_PER_S)         /* a clinic's clock may be ahead */
#define EARLIEST_US    (90 * 24 * 3600 * TIME_US_PER_S) /* before the request: for this illness */

static const char *text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text ? text : "";
}

/* Bits of the life cycle that what is in force amounts to. Without consent to the consultation
 * nothing is shared. */
static uint32_t life_bits(uint32_t given)
{
    uint32_t bits = 0;
    if (consent_allows(given, CONSENT_CARE) && consent_allows(given, CONSENT_SHARE))
        bits |= CONSULT_CONSENT_SHARE;
    if (consent_allows(given, CONSENT_RECORDING))
        bits |= CONSULT_CONSENT_RECORDING;
    if (consent_allows(given, CONSENT_TEACHING))
        bits |= CONSULT_CONSENT_TEACHING;
    return bits;
}

static uint32_t purposes_of(const struct call *call)
{
    uint32_t purposes = 0;
    size_t i = 0;
    const json_t *name = NULL;
    json_array_foreach(json_object_get(call->params, "purposes"), i, name)
    {
        enum consent_purpose purpose = consent_purpose_parse(json_string_value(name));
        if (purpose != CONSENT_PURPOSES)
            purposes |= CONSENT_BIT(purpose);
    }
    return purposes;
}

static json_t *allows_json(uint32_t given)
{
    json_t *allows = json_object();
    for (int i = 0; allows && i < CONSENT_PURPOSES; i++) {
        bool is = consent_allows(given, (enum consent_purpose)i);
        if (json_object_set_new(allows, consent_purpose_name((enum consent_purpose)i),
                                json_boolean(is)) != 0) {
            json_decref(allows);
            return NULL;
        }
    }
    return allows;
}

static int reply(struct call *call, const struct consult_record *r)
{
    json_t *rows = NULL;
    uint32_t given = 0;
    int status = consent_describe(call->service, r->id, &rows);
    if (status == 0)
        status = consent_in_force(call->service, r->id, &given);
    if (status == 0) {
        call->result = json_pack("{s:O, s:o}", "consents", rows, "allows", allows_json(given));
        status = call->result ? 0 : SQ_ERR_NOMEM;
    }
    json_decref(rows);
    return status;
}

/* ---- texts ---- */

static json_t *text_json(const struct consent_text *t)
{
    uint8_t hash[CONSENT_HASH_BYTES];
    char hex[HEX_SIZE];
    consent_text_hash(t, hash);
    sodium_bin2hex(hex, sizeof(hex), hash, sizeof(hash));
    return json_pack("{s:s, s:s, s:s, s:s, s:b}", "version", t->version, "language", t->language,
                     "text", t->body, "sha256", hex, "current", (int)consent_text_current(t));
}

static int texts(struct call *call)
{
    const char *language = text_of(call->params, "language");
    json_t *list = json_array();
    int status = list ? 0 : SQ_ERR_NOMEM;
    for (size_t i = 0; i < consent_text_count && status == 0; i++) {
        if (language[0] && strcmp(language, consent_texts[i].language) != 0)
            continue;
        if (json_array_append_new(list, text_json(&consent_texts[i])) != 0)
            status = SQ_ERR_NOMEM;
    }
    if (status == 0 && !(call->result = json_pack("{s:O}", "texts", list)))
        status = SQ_ERR_NOMEM;
    json_decref(list);
    return status;
}

static int get(struct call *call)
{
    struct consult_record *r = malloc(sizeof(*r));
    if (!r)
        return SQ_ERR_NOMEM;
    int status =
        consult_open(call, text_of(call->params, "consultationId"), ACT_SEE_CONSENT, r, NULL);
    if (status == 0) {
        status = reply(call, r);
        consult_record_clear(r);
    }
    free(r);
    return status;
}

/* ---- give ---- */

static int no_text(struct call *call)
{
    return call_fail(
        call, SQ_ERR_INVALID,
        "This is not a text that consents are given to, or it was changed. Load the "
        "texts again (consent.texts) and show the present one.",
        "该知情同意书版本不存在或内容已被改动，请重新加载文本（consent.texts）后再出示。");
}

static int find_text(struct call *call, const struct consent_text **out)
{
    uint8_t hash[CONSENT_HASH_BYTES];
    char hex[HEX_SIZE];
    *out =
        consent_text_find(text_of(call->params, "textVersion"), text_of(call->params, "language"));
    if (!*out)
        return no_text(call);
    consent_text_hash(*out, hash);
    sodium_bin2hex(hex, sizeof(hex), hash, sizeof(hash));
    return strcmp(hex, text_of(call->params, "textSha256")) == 0 ? 0 : no_text(call);
}

int consent_of_child(struct call *call)
{
    return call_fail(call, SQ_ERR_INVALID,
                     "The patient is a child: a guardian signs. State the relation.",
                     "患者未成年，应由监护人签署，请填写与患者的关系。");
}

static int check_signer(struct call *call, const struct consult_record *r, const json_t *signer)
{
    return consent_may_sign(r->request, text_of(signer, "relation")) ? 0 : consent_of_child(call);
}

static int check_told(struct call *call)
{
    if (json_is_true(json_object_get(call->params, "feesTold")) &&
        json_is_true(json_object_get(call->params, "contentTold")))
        return 0;
    return call_fail(call, SQ_ERR_INVALID,
                     "Tell the patient what the consultation is and what it costs, then let them "
                     "sign.",
                     "请先向患者或家属说明会诊内容和费用，再请其签署。");
}

/* Consent belongs before the talk. What comes later says why. */
static int check_late(struct call *call, const struct consult_record *r, uint32_t purposes)
{
    uint32_t before = CONSENT_BIT(CONSENT_CARE) | CONSENT_BIT(CONSENT_SHARE);
    if (!(purposes & before) || r->step.at.started_utc_us == 0 ||
        text_of(call->params, "lateReason")[0])
        return 0;
    return call_fail(call, SQ_ERR_INVALID,
                     "The consultation has begun: say why the consent comes late (lateReason).",
                     "会诊已经开始，请说明补签知情同意的原因（lateReason）。");
}

/* What shows the signature is of this consultation. */
static int check_material(struct call *call, const struct consult_record *r)
{
    const char *id = text_of(call->params, "materialId");
    struct store_query q;
    if (!id[0])
        return 0;
    STORE_QUERY(call->service->store, &q,
                "SELECT 1 FROM material WHERE id = $1 AND consultation = $2", sv_text(id),
                sv_text(r->id));
    bool found = store_next(&q);
    int status = store_query_end(&q);
    return status < 0 || found
               ? status
               : call_fail(call, SQ_ERR_INVALID,
                           "This consultation has no such material. Upload what was signed first, "
                           "then name it.",
                           "本次会诊没有该资料，请先上传签署件。");
}

static int read_given_at(struct call *call, const struct consult_record *r, time_us *out)
{
    const char *text = text_of(call->params, "givenAt");
    *out = call->utc_us;
    if (!text[0])
        return 0;
    if (service_time_parse(text, out) && *out <= call->utc_us + CLOCK_SLACK_US &&
        *out >= r->step.at.submitted_utc_us - EARLIEST_US)
        return 0;
    return call_fail(
        call, SQ_ERR_INVALID,
        "givenAt is no time, in the future, or more than 90 days before the request. "
        "Give the time when it was signed, or have it signed anew.",
        "签署时间（givenAt）无效、晚于当前时间或早于申请90天以上，请填写实际签署时间或重新签署。");
}

/* The members of params that make the sealed body. */
static json_t *body_of(const json_t *params, json_t *signer)
{
    static const char *const names[] = {"how",         "materialId", "witness",   "feesTold",
                                        "contentTold", "fees",       "lateReason"};
    json_t *body = json_pack("{s:o}", "signer", signer);
    for (size_t i = 0; body && i < sizeof(names) / sizeof(names[0]); i++) {
        json_t *value = json_object_get(params, names[i]);
        if (value && json_object_set(body, names[i], value) != 0) {
            json_decref(body);
            return NULL;
        }
    }
    return body;
}

static int tell_life(struct call *call, struct consult_record *r, enum consult_event_type type,
                     uint32_t bits)
{
    struct consult_act how = consult_act_of(call);
    struct consult_event e = {.type = type, .member = CONSULT_APPLICANT, .consent = bits};
    return bits ? consult_explain(call, r, consult_perform(&how, r, &e)) : 0;
}

static int explain_add(struct call *call, int status)
{
    if (status == SQ_ERR_CONFLICT)
        return call_fail(call, status,
                         "Consent to one of these is in force already. Only a new purpose needs "
                         "one.",
                         "其中已有在有效期内的同意，无需重复签署。");
    if (status == SQ_ERR_LIMIT)
        return call_fail(call, status, "Too many consents were given and taken back here.",
                         "本次会诊的知情同意记录过多。");
    return status;
}

static int give_to(struct call *call, struct consult_record *r)
{
    json_t *signer = json_object_get(call->params, "signer");
    struct consent_entry e = {
        .consultation = r->id, .entered_utc_us = call->utc_us, .entered_by = call->caller->account};
    uint32_t purposes = purposes_of(call), given = 0;
    json_t *body = NULL;
    int status = find_text(call, &e.text);
    if (status == 0)
        status = check_told(call);
    if (status == 0)
        status = check_signer(call, r, signer);
    if (status == 0)
        status = check_late(call, r, purposes);
    if (status == 0)
        status = check_material(call, r);
    if (status == 0)
        status = read_given_at(call, r, &e.given_utc_us);
    if (status == 0 && !(body = body_of(call->params, json_incref(signer))))
        status = SQ_ERR_NOMEM;
    e.body = body;
    if (status == 0)
        status = explain_add(call, consent_record_check(call->service, r->id, purposes));
    if (status == 0)
        status = consent_record_add(call->service, &e, purposes);
    json_decref(body);
    if (status == 0)
        status = consent_in_force(call->service, r->id, &given);
    return status < 0 ? status : tell_life(call, r, CONSULT_CONSENT, life_bits(given));
}

/* ---- attach ---- */

static int explain_attach(struct call *call, int status)
{
    if (status == SQ_ERR_DENIED)
        return call_fail(call, status,
                         "Somebody else entered this consent. Only that person can add what shows "
                         "its signature.",
                         "该知情同意由他人录入，只能由录入者补充签署件。");
    if (status == SQ_ERR_CONFLICT)
        return call_fail(call, status,
                         "This consent names another signature already. Take it back and have it "
                         "signed anew if it was wrong.",
                         "该知情同意已有签署件；如有错误，请撤回后重新签署。");
    return status;
}

static int attach_to(struct call *call, struct consult_record *r)
{
    uint32_t attached = 0;
    int status = check_material(call, r);
    if (status == 0)
        status = explain_attach(call, consent_record_attach(call->service, r->id, purposes_of(call),
                                                            text_of(call->params, "materialId"),
                                                            call->caller->account, call->utc_us,
                                                            &attached));
    if (status == 0 && !attached)
        return call_fail(call, SQ_ERR_STATE,
                         "None of these consents is in force, so there is nothing to add a "
                         "signature to.",
                         "这些知情同意均未生效，无法补充签署件。");
    return status;
}

/* ---- withdraw ---- */

/* Asked afterwards, the patient says no: kept as a consent that never was in force. */
static int refuse(struct call *call, struct consult_record *r, uint32_t purposes, const json_t *why)
{
    uint32_t withdrawn = 0;
    json_t *body =
        json_pack("{s:O, s:b}", "signer", json_object_get(call->params, "by"), "refused", 1);
    struct consent_entry e = {.consultation = r->id,
                              .body = body,
                              .given_utc_us = call->utc_us,
                              .entered_utc_us = call->utc_us,
                              .entered_by = call->caller->account};
    int status = body ? explain_add(call, consent_record_check(call->service, r->id, purposes))
                      : SQ_ERR_NOMEM;
    if (status == 0)
        status = consent_record_add(call->service, &e, purposes);
    if (status == 0)
        status = consent_record_withdraw(call->service, r->id, purposes, why, e.entered_by,
                                         call->utc_us, &withdrawn);
    json_decref(body);
    return status;
}

/* Without consent to the consultation nothing is shared either. */
static uint32_t touched_bits(uint32_t purposes)
{
    bool share = consent_allows(purposes, CONSENT_CARE) || consent_allows(purposes, CONSENT_SHARE);
    return life_bits(share ? purposes | CONSENT_BIT(CONSENT_CARE) | CONSENT_BIT(CONSENT_SHARE)
                           : purposes);
}

static int withdraw_from(struct call *call, struct consult_record *r)
{
    uint32_t purposes = purposes_of(call), withdrawn = 0;
    json_t *why = json_pack("{s:O, s:O}", "by", json_object_get(call->params, "by"), "reason",
                            json_object_get(call->params, "reason"));
    int status = why ? consent_record_withdraw(call->service, r->id, purposes, why,
                                               call->caller->account, call->utc_us, &withdrawn)
                     : SQ_ERR_NOMEM;
    if (status == 0 && (purposes & ~withdrawn))
        status = refuse(call, r, purposes & ~withdrawn, why);
    json_decref(why);
    return status < 0 ? status
                      : tell_life(call, r, CONSULT_CONSENT_WITHDRAWN, touched_bits(purposes));
}

/* ---- both ---- */

static int change(struct call *call, enum act act,
                  int (*apply)(struct call *call, struct consult_record *r))
{
    struct consult_record *r = malloc(sizeof(*r));
    if (!r)
        return SQ_ERR_NOMEM;
    int status = consult_open(call, text_of(call->params, "consultationId"), act, r, NULL);
    if (status == 0) {
        status = apply(call, r);
        if (status == 0)
            status = reply(call, r);
        consult_record_clear(r);
    }
    free(r);
    return status;
}

static int give(struct call *call)
{
    return change(call, ACT_GIVE_CONSENT, give_to);
}

static int attach(struct call *call)
{
    return change(call, ACT_GIVE_CONSENT, attach_to);
}

static int withdraw(struct call *call)
{
    return change(call, ACT_WITHDRAW_CONSENT, withdraw_from);
}

/* ---- with a request ---- */

int consent_submit(struct call *call, const char *consultation, const json_t *consent)
{
    const char *version = text_of(consent, "textVersion"), *language = text_of(consent, "language");
    struct consent_entry e = {.consultation = consultation,
                              .given_utc_us = call->utc_us,
                              .entered_utc_us = call->utc_us,
                              .entered_by = call->caller->account};
    uint32_t answered = 0;
    int status = consent_answered(call->service, consultation, &answered);
    uint32_t purposes = consent_of_submit(consent) & ~answered;
    if (status < 0 || !purposes)
        return status;
    if (version[0] &&
        !(e.text = consent_text_find(version, language[0] ? language : call->caller->language)))
        return no_text(call);
    json_t *signer = json_pack("{s:s, s:s}", "name", text_of(consent, "signer"), "relation",
                               text_of(consent, "relation"));
    json_t *body = signer ? body_of(consent, signer) : NULL;
    e.body = body;
    status = body ? consent_record_add(call->service, &e, purposes) : SQ_ERR_NOMEM;
    json_decref(body);
    return status;
}

static const struct method methods[] = {
    {.name = "consent.texts", .flags = METHOD_READS, .handle = texts},
    {.name = "consent.give", .flags = METHOD_WRITES, .handle = give},
    {.name = "consent.attach", .flags = METHOD_WRITES, .handle = attach},
    {.name = "consent.withdraw", .flags = METHOD_WRITES, .handle = withdraw},
    {.name = "consent.get", .flags = METHOD_VIEWS, .handle = get},
};
const struct method_table consent_method_table = {methods, sizeof(methods) / sizeof(methods[0])};
