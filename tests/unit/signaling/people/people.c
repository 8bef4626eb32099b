/* SPDX-License-Identifier: Apache-2.0 */
/* See people.h. Passwords are hashed once per process with the weakest limits: these tests are not
 * about Argon2id. */
#include "people.h"
#include "shanqiao/error.h"
#include "signaling/auth/rights.h"
#include "signaling/proto/schema.h"
#include "signaling/rooms.h"
#include "signaling/store/store.h"
#include "signaling/store/vault.h"
#include "tests/support/temporary.h"
#include <criterion/criterion.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void open_service(struct people *p)
{
    struct service_config config = {0};
    char error[SERVICE_ERROR_MAX];
    snprintf(config.database, sizeof(config.database), "%s", p->database);
    snprintf(config.keys, sizeof(config.keys), "%s", p->dir);
    int status = service_open(&p->service, &config, error);
    cr_assert_eq(status, 0, "%s", error);
}

static void add_account(struct people *p, const char *id, uint32_t roles, const char *institution)
{
    static char hash[crypto_pwhash_STRBYTES];
    if (!hash[0])
        cr_assert_eq(crypto_pwhash_str(hash, PEOPLE_PASSWORD, strlen(PEOPLE_PASSWORD),
                                       crypto_pwhash_OPSLIMIT_MIN, crypto_pwhash_MEMLIMIT_MIN),
                     0);
    cr_assert_eq(STORE_RUN(p->service.store,
                           "INSERT INTO account (id, login, name, password_hash, roles,"
                           " institution, language) VALUES ($1, $1, $1, $2, $3, $4, 'en')",
                           sv_text(id), sv_text(hash), sv_int(roles), sv_text(institution)),
                 1);
}

static void add_member(struct people *p, const char *account)
{
    cr_assert_eq(STORE_RUN(p->service.store,
                           "INSERT INTO panel_member (panel, account) VALUES ($1, $2)",
                           sv_text(PANEL), sv_text(account)),
                 1);
}

static void add_people(struct people *p)
{
    struct store *s = p->service.store;
    cr_assert_eq(store_begin(s), 0);
    cr_assert_eq(STORE_RUN(s,
                           "INSERT INTO institution (id, name, level, kind) VALUES"
                           " ($1, 'Village clinic', 1, 'village_clinic'),"
                           " ($2, 'County hospital', 3, 'hospital')",
                           sv_text("village"), sv_text("county")),
                 2);
    cr_assert_eq(STORE_RUN(s,
                           "INSERT INTO panel (id, name, specialty, level, institution)"
                           " VALUES ($1, 'Heart', 'cardiology', 3, 'county')",
                           sv_text(PANEL)),
                 1);
    add_account(p, VILLAGER, ROLE_VILLAGE_DOCTOR, "village");
    add_account(p, OTHER_DOCTOR, ROLE_VILLAGE_DOCTOR, "village");
    add_account(p, EXPERT_1, ROLE_SPECIALIST, "county");
    add_account(p, EXPERT_2, ROLE_SPECIALIST, "county");
    add_account(p, EXPERT_3, ROLE_SPECIALIST, "county");
    add_account(p, OPERATOR, ROLE_OPERATOR, "county");
    add_member(p, EXPERT_1);
    add_member(p, EXPERT_2);
    add_member(p, EXPERT_3);
    cr_assert_eq(STORE_RUN(s,
                           "INSERT INTO agreement (id, inviting, invited, from_day, until_day,"
                           " kinds, specialties, approve_inviting, approve_invited, triage,"
                           " schedule, strategy, ring_s, reference) VALUES"
                           " ('agr_all', 'village', 'county', 0, 2932896, '', '', 0, 0, 0, 0, 0,"
                           " $1, 'everything is automatic')",
                           sv_int(p->service.limits.ring_timeout_us / TIME_US_PER_S)),
                 1);
    cr_assert_eq(store_commit(s), 0);
}

void people_init(struct people *p)
{
    char key[128], path[128];
    memset(p, 0, sizeof(*p));
    temporary_folder(p->dir, sizeof p->dir, "test");
    snprintf(path, sizeof(path), "%s/shanqiao.db", p->dir);
    database_make(path, p->database);
    snprintf(key, sizeof(key), "%s/master.key", p->dir);
    cr_assert_eq(vault_create(key), 0);
    p->utc_us = PEOPLE_START_US;
    struct schema_reason reason;
    cr_assert_eq(schema_set_new(&p->schemas, &reason), 0, "%s %s", reason.path, reason.text);
    open_service(p);
    add_people(p);
}

static void forget_call(struct people *p)
{
    json_decref(p->call.params);
    json_decref(p->call.result);
    effects_clear(&p->call.effects);
    memset(&p->call, 0, sizeof(p->call));
}

void people_fini(struct people *p)
{
    char key[128];
    forget_call(p);
    schema_set_free(p->schemas);
    service_close(&p->service);
    database_remove(p->database);
    snprintf(key, sizeof(key), "%s/master.key", p->dir);
    unlink(key);
    rmdir(p->dir);
}

void people_restart(struct people *p)
{
    service_close(&p->service);
    open_service(p);
}

static const struct method *find_method(const char *name)
{
    size_t count = 0;
    const struct method_table *tables = rooms_tables(&count);
    for (size_t t = 0; t < count; t++)
        for (size_t m = 0; m < tables[t].count; m++)
            if (strcmp(tables[t].methods[m].name, name) == 0)
                return &tables[t].methods[m];
    return NULL;
}

static void be(struct people *p, const char *account)
{
    struct store_query q;
    memset(&p->caller, 0, sizeof(p->caller));
    snprintf(p->caller.account, ID_MAX, "%s", account);
    snprintf(p->caller.session, ID_MAX, "ses_%s", account);
    STORE_QUERY(p->service.store, &q, "SELECT roles, institution FROM account WHERE id = $1",
                sv_text(account));
    if (store_next(&q)) {
        p->caller.roles = (uint32_t)store_int(&q, 0);
        store_copy_text(&q, 1, p->caller.institution, ID_MAX);
    }
    cr_assert_eq(store_query_end(&q), 0, "%s", store_error(p->service.store));
}

static void fits(const json_t *document, const char *part, const json_t *value, const char *name)
{
    struct schema_reason reason;
    cr_assert_not_null(document, "%s has no schema", name);
    int status = schema_check(document, json_object_get(document, part), value, &reason);
    cr_assert_eq(status, 0, "%s: %s%s %s", name, part, reason.path, reason.text);
}

/* What goes out fits the schemas that terminals are written against. */
static void check_schemas(struct people *p, const char *name)
{
    json_t *empty = json_object();
    fits(schema_set_method(p->schemas, name), "result", p->call.result ? p->call.result : empty,
         name);
    json_decref(empty);
    for (size_t i = 0; i < p->call.effects.count; i++) {
        const struct effect *e = &p->call.effects.items[i];
        if (e->type != EFFECT_NOTIFY)
            continue;
        json_t *params = json_copy(e->params);
        json_object_set_new(params, "seq", json_integer(1));
        fits(schema_set_notification(p->schemas, e->method), "params", params, e->method);
        json_decref(params);
    }
}

int people_call(struct people *p, const char *account, const char *name, json_t *params)
{
    const struct method *method = find_method(name);
    cr_assert_not_null(method, "%s", name);
    forget_call(p);
    be(p, account);
    if (p->before_method)
        p->before_method();
    p->call.service = &p->service;
    p->call.caller = &p->caller;
    p->call.params = params;
    p->call.utc_us = p->utc_us;
    if (!(method->flags & METHOD_WRITES)) {
        int read = method->handle(&p->call);
        if (read == 0 && p->schemas)
            check_schemas(p, name);
        return read;
    }
    int status = store_begin(p->service.store);
    if (status == 0)
        status = method->handle(&p->call);
    if (status == 0)
        status = store_commit(p->service.store);
    store_rollback(p->service.store);
    if (status == 0 && p->schemas)
        check_schemas(p, name);
    return status;
}

int people_told(const struct people *p, const char *account, const char *method)
{
    int count = 0;
    for (size_t i = 0; i < p->call.effects.count; i++) {
        const struct effect *e = &p->call.effects.items[i];
        count += e->type == EFFECT_NOTIFY && strcmp(e->account, account) == 0 &&
                 strcmp(e->method, method) == 0;
    }
    return count;
}

int people_effects(const struct people *p, enum effect_type type)
{
    int count = 0;
    for (size_t i = 0; i < p->call.effects.count; i++)
        count += p->call.effects.items[i].type == type;
    return count;
}

json_t *people_request(void)
{
    return json_pack("{s:s, s:s, s:s, s:{s:s, s:s, s:i, s:s}, s:s, s:s, s:s, s:{s:b, s:s, s:s}}",
                     "kind", "live", "panelId", PANEL, "urgency", "urgent", "patient", "name",
                     "Zhuoma Dechen", "sex", "female", "ageYears", 61, "idNumber",
                     "510000196501010000", "complaint", "crushing chest pain for two hours",
                     "purpose", "thrombolysis or transfer", "history", "hypertension since 2009",
                     "consent", "share", 1, "signer", "Zhuoma Dechen", "relation", "self");
}

int people_submit(struct people *p, const char *const *on_duty, char *id)
{
    for (; on_duty && *on_duty; on_duty++)
        cr_assert_eq(people_call(p, *on_duty, "duty.set",
                                 json_pack("{s:s, s:b}", "panelId", PANEL, "onDuty", 1)),
                     0);
    int status = people_call(p, VILLAGER, "consultation.submit", people_request());
    snprintf(id, ID_MAX, "%s", status == 0 ? people_result(p, "id") : "");
    return status;
}

const char *people_result(const struct people *p, const char *name)
{
    const json_t *consultation = json_object_get(p->call.result, "consultation");
    const char *text = json_string_value(json_object_get(consultation, name));
    return text ? text : "";
}

json_t *people_id(const char *id)
{
    return json_pack("{s:s}", "id", id);
}
