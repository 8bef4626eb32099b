/* SPDX-License-Identifier: Apache-2.0 */
/* Writes and reads consents. Who signed and what they said is sealed; purpose, text and times are
 * not. */
#include "signaling/consent/record.h"
#include "shanqiao/error.h"
#include "signaling/service.h"
#include "signaling/store/store.h"
#include "signaling/store/vault.h"
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEX_SIZE (2 * CONSENT_HASH_BYTES + 1)

static int collect(struct store_query *q, uint32_t *purposes)
{
    *purposes = 0;
    while (store_next(q)) {
        enum consent_purpose purpose = consent_purpose_parse(store_text(q, 0));
        if (purpose != CONSENT_PURPOSES)
            *purposes |= CONSENT_BIT(purpose);
    }
    return store_query_end(q);
}

int consent_in_force(struct service *s, const char *consultation, uint32_t *given)
{
    struct store_query q;
    STORE_QUERY(s->store, &q,
                "SELECT purpose FROM consent WHERE consultation = $1 AND withdrawn_us IS NULL",
                sv_text(consultation));
    return collect(&q, given);
}

int consent_answered(struct service *s, const char *consultation, uint32_t *purposes)
{
    struct store_query q;
    STORE_QUERY(s->store, &q, "SELECT purpose FROM consent WHERE consultation = $1",
                sv_text(consultation));
    return collect(&q, purposes);
}

/* ---- write ---- */

static int seal(struct service *s, const char *id, const char *column, const json_t *value,
                uint8_t **sealed, size_t *len)
{
    struct vault_place place = {"consent", id, column};
    char *text = json_dumps(value, JSON_COMPACT);
    if (!text)
        return SQ_ERR_NOMEM;
    int status = vault_seal(s->vault, &place, text, strlen(text), sealed, len);
    sodium_memzero(text, strlen(text));
    free(text);
    return status;
}

static int keep_text(struct service *s, const struct consent_text *t,
                     uint8_t hash[CONSENT_HASH_BYTES])
{
    consent_text_hash(t, hash);
    int status = STORE_LATER(s->store,
                             "INSERT INTO consent_text (hash, version, language, body)"
                             " VALUES ($1, $2, $3, $4) ON CONFLICT (hash) DO NOTHING",
                             sv_bytes(hash, CONSENT_HASH_BYTES), sv_text(t->version),
                             sv_text(t->language), sv_text(t->body));
    return status < 0 ? status : 0;
}

static int insert(struct service *s, const struct consent_entry *e, enum consent_purpose purpose,
                  const uint8_t *hash)
{
    char id[ID_MAX];
    uint8_t *sealed = NULL;
    size_t len = 0;
    store_new_id(id, "cst");
    int status = seal(s, id, "sealed_body", e->body, &sealed, &len);
    if (status == 0)
        status = STORE_LATER(
            s->store,
            "INSERT INTO consent (id, consultation, purpose, text_hash, given_us,"
            " entered_us, entered_by, sealed_body)"
            " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            sv_text(id), sv_text(e->consultation), sv_text(consent_purpose_name(purpose)),
            hash ? sv_bytes(hash, CONSENT_HASH_BYTES) : sv_null(), sv_int(e->given_utc_us),
            sv_int(e->entered_utc_us), sv_text(e->entered_by), sv_bytes(sealed, len));
    free(sealed);
    return status < 0 ? status : 0;
}

int consent_record_check(struct service *s, const char *consultation, uint32_t purposes)
{
    struct store_query q;
    uint32_t given = 0;
    int64_t rows = 0;
    STORE_QUERY(s->store, &q, "SELECT COUNT(*) FROM consent WHERE consultation = $1",
                sv_text(consultation));
    if (store_next(&q))
        rows = store_int(&q, 0);
    int status = store_query_end(&q);
    if (status == 0)
        status = consent_in_force(s, consultation, &given);
    if (status < 0)
        return status;
    if (given & purposes)
        return SQ_ERR_CONFLICT;
    return rows + CONSENT_PURPOSES > CONSENT_ROWS_MAX ? SQ_ERR_LIMIT : 0;
}

int consent_record_add(struct service *s, const struct consent_entry *e, uint32_t purposes)
{
    uint8_t hash[CONSENT_HASH_BYTES];
    int status = e->text ? keep_text(s, e->text, hash) : 0;
    for (int i = 0; i < CONSENT_PURPOSES && status == 0; i++)
        if (purposes & CONSENT_BIT(i))
            status = insert(s, e, (enum consent_purpose)i, e->text ? hash : NULL);
    return status;
}

static int withdraw_row(struct service *s, const char *id, const json_t *why,
                        const char *entered_by, time_us utc_us)
{
    uint8_t *sealed = NULL;
    size_t len = 0;
    int status = seal(s, id, "sealed_withdrawal", why, &sealed, &len);
    if (status == 0)
        status = STORE_RUN(s->store,
                           "UPDATE consent SET withdrawn_us = $1, withdrawn_by = $2,"
                           " sealed_withdrawal = $3 WHERE id = $4 AND withdrawn_us IS NULL",
                           sv_int(utc_us), sv_text(entered_by), sv_bytes(sealed, len), sv_text(id));
    free(sealed);
    return status < 0 ? status : 0;
}

int consent_record_withdraw(struct service *s, const char *consultation, uint32_t purposes,
                            const json_t *why, const char *entered_by, time_us utc_us,
                            uint32_t *withdrawn)
{
    struct store_query q;
    char ids[CONSENT_PURPOSES][ID_MAX]; /* at most one in force for each: consent_in_force index */
    int count = 0;
    *withdrawn = 0;
    STORE_QUERY(s->store, &q,
                "SELECT id, purpose FROM consent WHERE consultation = $1 AND withdrawn_us IS NULL",
                sv_text(consultation));
    while (store_next(&q) && count < CONSENT_PURPOSES) {
        enum consent_purpose purpose = consent_purpose_parse(store_text(&q, 1));
        if (purpose == CONSENT_PURPOSES || !(purposes & CONSENT_BIT(purpose)))
            continue;
        *withdrawn |= CONSENT_BIT(purpose);
        store_copy_text(&q, 0, ids[count++], ID_MAX);
    }
    int status = store_query_end(&q);
    for (int i = 0; i < count && status == 0; i++)
        status = withdraw_row(s, ids[i], why, entered_by, utc_us);
    return status;
}

/* ---- read ---- */

enum column {
    COLUMN_ID,
    COLUMN_PURPOSE,
    COLUMN_GIVEN,
    COLUMN_ENTERED,
    COLUMN_BY,
    COLUMN_BODY,
    COLUMN_WITHDRAWN,
    COLUMN_WITHDRAWN_BY,
    COLUMN_WITHDRAWAL,
    COLUMN_HASH,
    COLUMN_VERSION,
    COLUMN_LANGUAGE,
    COLUMN_MATERIAL,
    COLUMN_ATTACHED
};

static int unseal(struct service *s, const struct store_query *q, int number, const char *column,
                  json_t **out)
{
    struct vault_place place = {"consent", store_text(q, COLUMN_ID), column};
    uint8_t *text = NULL;
    size_t len = 0;
    const void *sealed = store_bytes(q, number, &len);
    int status = vault_unseal(s->vault, &place, sealed, len, &text, &len);
    if (status < 0)
        return status;
    *out = json_loadb((const char *)text, len, 0, NULL);
    sodium_memzero(text, len);
    free(text);
    return *out ? 0 : SQ_ERR_NOMEM;
}

static int set_new(json_t *object, const char *name, json_t *value)
{
    return json_object_set_new(object, name, value) == 0 ? 0 : SQ_ERR_NOMEM;
}

static int set_time(json_t *object, const char *name, time_us utc_us)
{
    char text[SERVICE_TIME_MAX];
    return set_new(object, name, json_string(service_time_text(utc_us, text)));
}

static int set_text(const struct store_query *q, json_t *object)
{
    char hex[HEX_SIZE];
    size_t len = 0;
    const uint8_t *hash = store_bytes(q, COLUMN_HASH, &len);
    if (!hash || len != CONSENT_HASH_BYTES)
        return 0;
    sodium_bin2hex(hex, sizeof(hex), hash, len);
    return set_new(object, "text",
                   json_pack("{s:s, s:s, s:s}", "version", store_text(q, COLUMN_VERSION),
                             "language", store_text(q, COLUMN_LANGUAGE), "sha256", hex));
}

static int set_withdrawal(struct service *s, const struct store_query *q, json_t *object)
{
    json_t *why = NULL;
    if (store_is_null(q, COLUMN_WITHDRAWN))
        return 0;
    int status = unseal(s, q, COLUMN_WITHDRAWAL, "sealed_withdrawal", &why);
    if (status == 0)
        status = set_time(why, "at", store_int(q, COLUMN_WITHDRAWN));
    if (status == 0)
        status = set_new(why, "enteredBy", json_string(store_text(q, COLUMN_WITHDRAWN_BY)));
    if (status == 0)
        return set_new(object, "withdrawn", why);
    json_decref(why);
    return status;
}

static int set_material(const struct store_query *q, json_t *object)
{
    if (store_is_null(q, COLUMN_MATERIAL))
        return 0;
    int status = set_new(object, "materialId", json_string(store_text(q, COLUMN_MATERIAL)));
    return status < 0 ? status : set_time(object, "attachedAt", store_int(q, COLUMN_ATTACHED));
}

static int row_json(struct service *s, const struct store_query *q, json_t **out)
{
    json_t *object = NULL;
    int status = unseal(s, q, COLUMN_BODY, "sealed_body", &object);
    if (status == 0)
        status = set_new(object, "id", json_string(store_text(q, COLUMN_ID)));
    if (status == 0)
        status = set_new(object, "purpose", json_string(store_text(q, COLUMN_PURPOSE)));
    if (status == 0)
        status = set_new(object, "inForce", json_boolean(store_is_null(q, COLUMN_WITHDRAWN)));
    if (status == 0)
        status = set_time(object, "givenAt", store_int(q, COLUMN_GIVEN));
    if (status == 0)
        status = set_time(object, "enteredAt", store_int(q, COLUMN_ENTERED));
    if (status == 0)
        status = set_new(object, "enteredBy", json_string(store_text(q, COLUMN_BY)));
    if (status == 0)
        status = set_text(q, object);
    if (status == 0)
        status = set_material(q, object);
    if (status == 0)
        status = set_withdrawal(s, q, object);
    if (status < 0)
        json_decref(object);
    else
        *out = object;
    return status;
}

int consent_describe(struct service *s, const char *consultation, json_t **out)
{
    struct store_query q;
    json_t *rows = json_array();
    int status = rows ? 0 : SQ_ERR_NOMEM;
    *out = NULL;
    STORE_QUERY(s->store, &q,
                "SELECT c.id, c.purpose, c.given_us, c.entered_us, c.entered_by, c.sealed_body,"
                " c.withdrawn_us, c.withdrawn_by, c.sealed_withdrawal, c.text_hash, t.version,"
                " t.language, m.material, m.attached_us FROM consent c"
                " LEFT JOIN consent_text t ON t.hash = c.text_hash"
                " LEFT JOIN consent_material m ON m.consent = c.id"
                " WHERE c.consultation = $1 ORDER BY c.entered_us, c.purpose, c.id",
                sv_text(consultation));
    while (status == 0 && store_next(&q)) {
        json_t *row = NULL;
        status = row_json(s, &q, &row);
        if (status == 0 && json_array_append_new(rows, row) != 0)
            status = SQ_ERR_NOMEM;
    }
    int ended = store_query_end(&q);
    if (ended < 0)
        status = ended;
    if (status < 0)
        json_decref(rows);
    else
        *out = rows;
    return status;
}

/* ---- what shows a signature, named later ---- */

struct attaching {
    struct service *service;
    const char *material, *account;
    char ids[CONSENT_PURPOSES][ID_MAX]; /* those that name none yet */
    int count;
    uint32_t found;
};

enum { SHOWN_ID, SHOWN_PURPOSE, SHOWN_BY, SHOWN_BODY, SHOWN_MATERIAL };

/* The material that a row names, by itself or since; "": none. */
static int named_material(struct service *s, const struct store_query *q, char out[ID_MAX])
{
    json_t *body = NULL;
    if (!store_is_null(q, SHOWN_MATERIAL)) {
        store_copy_text(q, SHOWN_MATERIAL, out, ID_MAX);
        return 0;
    }
    int status = unseal(s, q, SHOWN_BODY, "sealed_body", &body);
    const char *named = json_string_value(json_object_get(body, "materialId"));
    snprintf(out, ID_MAX, "%s", named ? named : "");
    json_decref(body);
    return status;
}

static int take_row(struct attaching *a, const struct store_query *q, uint32_t purpose)
{
    char named[ID_MAX] = "";
    if (strcmp(store_text(q, SHOWN_BY), a->account) != 0)
        return SQ_ERR_DENIED;
    int status = named_material(a->service, q, named);
    if (status < 0)
        return status;
    if (named[0] && strcmp(named, a->material) != 0)
        return SQ_ERR_CONFLICT;
    if (!named[0])
        store_copy_text(q, SHOWN_ID, a->ids[a->count++], ID_MAX);
    a->found |= purpose;
    return 0;
}

int consent_record_attach(struct service *s, const char *consultation, uint32_t purposes,
                          const char *material, const char *account, time_us utc_us,
                          uint32_t *attached)
{
    struct attaching a = {.service = s, .material = material, .account = account};
    struct store_query q;
    int status = 0;
    STORE_QUERY(s->store, &q,
                "SELECT c.id, c.purpose, c.entered_by, c.sealed_body, m.material FROM consent c"
                " LEFT JOIN consent_material m ON m.consent = c.id"
                " WHERE c.consultation = $1 AND c.withdrawn_us IS NULL",
                sv_text(consultation));
    while (status == 0 && a.count < CONSENT_PURPOSES && store_next(&q)) {
        enum consent_purpose purpose = consent_purpose_parse(store_text(&q, SHOWN_PURPOSE));
        if (purpose != CONSENT_PURPOSES && (purposes & CONSENT_BIT(purpose)))
            status = take_row(&a, &q, CONSENT_BIT(purpose));
    }
    int ended = store_query_end(&q);
    for (int i = 0; i < a.count && status == 0 && ended >= 0; i++)
        ended = STORE_RUN(s->store,
                          "INSERT INTO consent_material (consent, material, attached_us,"
                          " attached_by) VALUES ($1, $2, $3, $4)",
                          sv_text(a.ids[i]), sv_text(material), sv_int(utc_us), sv_text(account));
    *attached = a.found;
    return status < 0 ? status : ended < 0 ? ended : 0;
}
