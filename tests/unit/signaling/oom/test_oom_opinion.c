/* SPDX-License-Identifier: Apache-2.0 */
/* Allocation N fails, JSON's too, for every N of the methods of consents and later versions: an
 * error, no leak, and all rows or none. */
#include "../../../support/oom.h"
#include "../opinion/mdt.h"
#include "shanqiao/error.h"
#include "signaling/consent/text.h"
#include "signaling/opinion/opinion.h"
#include "signaling/proto/schema.h"
#include "signaling/store/store.h"
#include <criterion/criterion.h>
#include <jansson.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

static struct people p;
static char id[ID_MAX], second[ID_MAX], third[ID_MAX];

/* Here, so that the wrapped functions of oom.h are what jansson calls. */
static void *json_allocate(size_t size)
{
    return malloc(size);
}

static void json_release(void *memory)
{
    free(memory);
}

static void up(void)
{
    json_set_alloc_funcs(json_allocate, json_release);
    people_init(&p);
    mdt_init(&p, id);
    mdt_sign(&p, id, EXPERT_2, "operate", second);
    mdt_sign(&p, id, EXPERT_3, "wait", third);
    schema_set_free(p.schemas); /* checking allocates too */
    p.schemas = NULL;
}

static void down(void)
{
    oom_fail_at(0);
    people_fini(&p);
}

TestSuite(oom_opinion, .init = up, .fini = down);

static int64_t rows(const char *sql)
{
    struct store_query q;
    store_query(p.service.store, &q, sql, NULL, 0);
    int64_t n = store_next(&q) ? store_int(&q, 0) : -1;
    store_query_end(&q);
    return n;
}

static size_t failing;

static void arm(void)
{
    oom_fail_at(failing);
}

/* Calls until no allocation fails. Each failure leaves `count` as it was. */
static void walk(const char *account, const char *method, const char *params, const char *count)
{
    bool failed = true;
    size_t n = 0;
    while (failed) {
        n++;
        int64_t before = rows(count);
        json_t *made = json_loads(params, 0, NULL);
        cr_assert_not_null(made, "%s", params);
        failing = n;
        p.before_method = arm;
        int status = people_call(&p, account, method, made);
        p.before_method = NULL;
        failed = oom_happened();
        oom_fail_at(0);
        cr_assert(status == 0 || (failed && (status == SQ_ERR_NOMEM || status == SQ_ERR_INTERNAL)),
                  "%s, allocation %zu: %d %s", method, n, status, p.call.message_en);
        if (status == 0 && rows(count) != before)
            break; /* done; it can be done once */
        cr_assert_eq(rows(count), before, "%s, allocation %zu", method, n);
    }
    cr_expect_gt(n, 10, "%s: %zu allocations", method, n);
}

static const char *with_id(const char *format, const char *more)
{
    static char text[1024];
    snprintf(text, sizeof(text), format, id, more);
    return text;
}

Test(oom_opinion, giving_a_consent)
{
    char hex[2 * CONSENT_HASH_BYTES + 1], params[1024];
    uint8_t hash[CONSENT_HASH_BYTES];
    const struct consent_text *t = &consent_texts[0];
    consent_text_hash(t, hash);
    sodium_bin2hex(hex, sizeof(hex), hash, sizeof(hash));
    snprintf(params, sizeof(params),
             "{\"consultationId\":\"%s\",\"purposes\":[\"recording\",\"teaching\"],"
             "\"textVersion\":\"%s\",\"language\":\"%s\",\"textSha256\":\"%s\",\"feesTold\":true,"
             "\"contentTold\":true,\"signer\":{\"name\":\"A\",\"relation\":\"self\"},"
             "\"how\":\"written\"}",
             id, t->version, t->language, hex);
    walk(VILLAGER, "consent.give", params, "SELECT COUNT(*) FROM consent");
    walk(VILLAGER, "consent.get", with_id("{\"consultationId\":\"%s\"}%s", ""),
         "SELECT COUNT(*) FROM consent");
    walk(VILLAGER, "consent.withdraw",
         with_id("{\"consultationId\":\"%s\",\"purposes\":[\"recording\"],\"by\":{\"name\":\"A\","
                 "\"relation\":\"self\"},\"reason\":\"no more%s\"}",
                 ""),
         "SELECT COUNT(*) FROM consent WHERE withdrawn_us IS NOT NULL");
}

Test(oom_opinion, concluding_and_replacing)
{
    struct opinion_verdict v;
    walk(EXPERT_1, "opinion.conclude",
         with_id("{\"consultationId\":\"%s\",\"opinion\":{\"advice\":\"wait\"},\"dissent\":"
                 "[{\"author\":\"%s\",\"text\":\"operate\"}]}",
                 EXPERT_2),
         "SELECT COUNT(*) FROM opinion");
    walk(EXPERT_2, "opinion.supersede",
         with_id("{\"consultationId\":\"%s\",\"opinionId\":\"%s\",\"reason\":\"new image\","
                 "\"opinion\":{\"advice\":\"wait too\"}}",
                 second),
         "SELECT COUNT(*) FROM opinion");
    cr_assert_eq(opinion_verify(&p.service, id, NULL, &v), 0);
    cr_expect_str_eq(v.reason, "ok");
}

Test(oom_opinion, reading)
{
    walk(EXPERT_1, "opinion.list", with_id("{\"consultationId\":\"%s\"}%s", ""),
         "SELECT COUNT(*) FROM opinion");
    walk(EXPERT_1, "opinion.get",
         with_id("{\"consultationId\":\"%s\",\"opinionId\":\"%s\"}", second),
         "SELECT COUNT(*) FROM opinion");
}

/* A check that runs out of memory may say so, or that it did not hold; never that it did. */
Test(oom_opinion, checking_never_says_ok_for_what_is_wrong)
{
    STORE_RUN(p.service.store, "UPDATE opinion SET version = 2 WHERE id = $1", sv_text(second));
    OOM_FOR_EACH(n)
    {
        struct opinion_verdict v = {0};
        int status = opinion_verify(&p.service, id, second, &v);
        cr_assert(status != 0 || !v.verified, "allocation %zu", n);
    }
}
