/* SPDX-License-Identifier: Apache-2.0 */
/* Allocation N fails, jansson's too, for every N: an error, no leak, nothing half done, and no list
 * that lacks a row without a word. */
#include "../../../support/oom.h"
#include "people.h"
#include "shanqiao/error.h"
#include "signaling/audit/audit.h"
#include "signaling/audit/fhir.h"
#include "signaling/auth/rights.h"
#include "signaling/proto/schema.h"
#include "signaling/retention/retention.h"
#include "signaling/store/store.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct people p;

/* Of this file, so that they are wrapped. */
static void *take(size_t size)
{
    return malloc(size);
}

static void give(void *memory)
{
    free(memory);
}

static void sql(const char *text)
{
    cr_assert_geq(store_run(p.service.store, text, NULL, 0), 0, "%s: %s", text,
                  store_error(p.service.store));
}

static void up(void)
{
    json_set_alloc_funcs(take, give);
    people_init(&p);
    schema_set_free(p.schemas); /* checking allocates too */
    p.schemas = NULL;
    sql("INSERT INTO account (id, login, name, password_hash, roles, institution, language) VALUES"
        " ('acc_admin', 'adm', 'A', 'x', 32, 'county', 'en'),"
        " ('acc_office', 'off', 'B', 'x', 16, 'county', 'en')");
    for (int i = 0; i < 5; i++) {
        struct audit_act act = {
            .utc_us = p.utc_us, .account = EXPERT_1, .act = "consultation.get", .object = "con_x"};
        cr_assert_eq(audit_append(p.service.store, &act), 0);
    }
}

static void down(void)
{
    oom_fail_at(0);
    people_fini(&p);
}

TestSuite(rights_oom, .init = up, .fini = down);

static int64_t number(const char *text)
{
    struct store_query q;
    oom_fail_at(0);
    store_query(p.service.store, &q, text, NULL, 0);
    int64_t n = store_next(&q) ? store_int(&q, 0) : -1;
    store_query_end(&q);
    return n;
}

static size_t failing;

static void arm(void)
{
    oom_fail_at(failing);
}

/* Calls with params that are there already: it is the handler that meets the failure. */
static int call_with(size_t n, const char *account, const char *method, json_t *params)
{
    oom_fail_at(0);
    cr_assert(params);
    failing = n;
    p.before_method = arm;
    int status = people_call(&p, account, method, params);
    p.before_method = NULL;
    return status;
}

Test(rights_oom, an_event_is_whole_or_none)
{
    static const uint8_t hash[AUDIT_HASH_BYTES];
    struct audit_row row = {"ins_a", 7, "acc_x", "ses_x", "consultation.get", "con_x", "detail", 1};
    oom_fail_at(0);
    json_t *whole = audit_event_fhir(&row, hash);
    OOM_FOR_EACH(n)
    {
        json_t *event = audit_event_fhir(&row, hash);
        oom_fail_at(0);
        cr_assert(!event || json_equal(event, whole));
        json_decref(event);
        oom_fail_at(n);
        if (event)
            break;
    }
    oom_fail_at(0);
    json_decref(whole);
}

static void list_is_whole(const char *account, const char *method, const char *member, size_t count)
{
    for (size_t n = 1; n < 2000; n++) {
        int status = call_with(n, account, method, json_object());
        bool done = !oom_happened();
        oom_fail_at(0);
        cr_assert(status == 0 || status == SQ_ERR_NOMEM, "%zu: %d", n, status);
        if (status == 0)
            cr_assert_eq(json_array_size(json_object_get(p.call.result, member)), count, "%zu", n);
        if (done) {
            cr_expect_gt(n, 20, "allocations did fail");
            return;
        }
    }
    cr_assert_fail("it never ends");
}

Test(rights_oom, lists_are_whole_or_none)
{
    list_is_whole("acc_admin", "account.list", "accounts", 6);
    list_is_whole("acc_office", "audit.list", "rows", 5);
}

Test(rights_oom, roles_change_with_their_word_or_not_at_all)
{
    static const char now[] = "SELECT roles FROM account WHERE id = '" EXPERT_1 "'";
    for (size_t n = 1; n < 2000; n++) {
        oom_fail_at(0);
        json_t *params = json_pack("{s:s, s:[s]}", "accountId", EXPERT_1, "roles", "coordinator");
        int status = call_with(n, "acc_admin", "account.setRoles", params);
        bool done = !oom_happened();
        oom_fail_at(0);
        cr_assert(status == 0 || status == SQ_ERR_NOMEM, "%zu: %d", n, status);
        cr_assert_eq(number(now), status == 0 ? ROLE_COORDINATOR : ROLE_SPECIALIST, "%zu", n);
        if (status == 0)
            cr_assert_eq(people_told(&p, EXPERT_1, "account.changed"), 1);
        sql("UPDATE account SET roles = 2 WHERE id = '" EXPERT_1 "'");
        if (done)
            return;
    }
    cr_assert_fail("it never ends");
}

Test(rights_oom, deletion_leaves_its_proof_or_everything)
{
    sql("INSERT INTO consultation_draft (id, applicant, saved_us, sealed_request) VALUES"
        " ('dra_1', 'acc_villager', 1, 'x')");
    cr_assert_eq(retention_put(&p.service, "dra_1", RETENTION_DRAFT, "village", 1), 0);
    for (size_t n = 1; n < 2000; n++) {
        oom_fail_at(0);
        cr_assert_eq(store_begin(p.service.store), 0);
        oom_fail_at(n);
        int status = retention_delete(&p.service, "dra_1", "", p.utc_us);
        oom_fail_at(0);
        if (status == 0)
            cr_assert_eq(store_commit(p.service.store), 0);
        store_rollback(p.service.store);
        cr_assert(status == 0 || status == SQ_ERR_NOMEM, "%zu: %d", n, status);
        cr_assert_eq(number("SELECT COUNT(*) FROM consultation_draft"), status != 0);
        cr_assert_eq(number("SELECT COUNT(*) FROM deletion"), status == 0);
        if (status == 0)
            return;
    }
    cr_assert_fail("it never ends");
}
