/* SPDX-License-Identifier: Apache-2.0 */
/* Allocation N of ours fails, for every N: an error, no leak, and nothing changed in the store. */
#include "../../../support/oom.h"
#include "people.h"
#include "shanqiao/error.h"
#include "signaling/opinion/opinion.h"
#include "signaling/proto/schema.h"
#include "signaling/store/store.h"
#include "signaling/store/vault.h"
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static struct people p;
static const char *const on_duty[] = {EXPERT_1, EXPERT_2, NULL};

static void up(void)
{
    people_init(&p);
    schema_set_free(p.schemas); /* checking allocates too */
    p.schemas = NULL;
}

static void down(void)
{
    oom_fail_at(0);
    people_fini(&p);
}

TestSuite(oom, .init = up, .fini = down);

static int64_t rows(const char *sql)
{
    struct store_query q;
    store_query(p.service.store, &q, sql, NULL, 0);
    int64_t n = store_next(&q) ? store_int(&q, 0) : -1;
    store_query_end(&q);
    return n;
}

Test(oom, opening_the_service)
{
    struct service_config config = {0};
    snprintf(config.database, sizeof(config.database), "%s", p.database);
    snprintf(config.keys, sizeof(config.keys), "%s", p.dir);
    OOM_FOR_EACH(n)
    {
        struct service s;
        char error[SERVICE_ERROR_MAX];
        int status = service_open(&s, &config, error);
        cr_assert(status == 0 || status == SQ_ERR_NOMEM || status == SQ_ERR_IO, "%d", status);
        if (status == 0)
            service_close(&s);
    }
}

Test(oom, sealing)
{
    static const struct vault_place here = {"t", "i", "c"};
    OOM_FOR_EACH(n)
    {
        uint8_t *sealed = NULL, *plain = NULL;
        size_t len = 0, plain_len = 0;
        int status = vault_seal(p.service.vault, &here, "abc", 3, &sealed, &len);
        if (status == 0)
            status = vault_unseal(p.service.vault, &here, sealed, len, &plain, &plain_len);
        cr_assert(status == 0 || status == SQ_ERR_NOMEM);
        free(sealed);
        free(plain);
    }
}

static size_t failing;

static void arm(void)
{
    oom_fail_at(failing);
}

/* The n-th allocation fails from the method's beginning on. Takes over params. */
static int call_with(size_t n, const char *account, const char *method, json_t *params)
{
    cr_assert(params);
    failing = n;
    p.before_method = arm;
    int status = people_call(&p, account, method, params);
    p.before_method = NULL;
    oom_fail_at(0);
    return status;
}

Test(oom, submitting_is_all_or_nothing)
{
    char id[ID_MAX];
    size_t n = 0;
    int status = SQ_ERR_NOMEM;
    cr_assert_eq(people_submit(&p, on_duty, id), 0);
    int64_t before = rows("SELECT COUNT(*) FROM consultation");
    while (status != 0) {
        status = call_with(++n, VILLAGER, "consultation.submit", people_request());
        cr_assert(status == 0 || status == SQ_ERR_NOMEM, "%zu: %d", n, status);
        cr_assert_eq(rows("SELECT COUNT(*) FROM consultation"), before + (status == 0), "%zu", n);
    }
    cr_expect_gt(n, 5, "allocations did fail");
}

Test(oom, signing_is_all_or_nothing)
{
    char id[ID_MAX];
    size_t n = 0;
    int status = SQ_ERR_NOMEM;
    cr_assert_eq(people_submit(&p, on_duty, id), 0);
    cr_assert_eq(people_call(&p, EXPERT_1, "consultation.accept", people_id(id)), 0);
    cr_assert_eq(people_call(&p, EXPERT_1, "consultation.enter", people_id(id)), 0);
    cr_assert_eq(people_call(&p, VILLAGER, "consultation.enter", people_id(id)), 0);
    cr_assert_eq(people_call(&p, VILLAGER, "consultation.end", people_id(id)), 0);
    while (status != 0) {
        json_t *params =
            json_pack("{s:s, s:{s:s}}", "consultationId", id, "opinion", "advice", "rest");
        status = call_with(++n, EXPERT_1, "opinion.sign", params);
        cr_assert(status == 0 || status == SQ_ERR_NOMEM || status == SQ_ERR_INTERNAL, "%zu: %d", n,
                  status);
        struct opinion_verdict verdict = {0};
        cr_assert_eq(opinion_verify(&p.service, id, NULL, &verdict), 0);
        cr_assert_str_eq(verdict.reason, status == 0 ? "ok" : "not_signed", "%zu", n);
    }
    cr_expect_gt(n, 20, "allocations did fail");
}
