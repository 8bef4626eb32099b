/* SPDX-License-Identifier: Apache-2.0 */
/* The disk refuses the N-th write, for every N: the method fails with SQ_ERR_STORE, nothing has
 * changed, and the same request succeeds once the disk works again (TRUST faults 15 and 17). */
#include "people.h"
#include "shanqiao/error.h"
#include "signaling/audit/audit.h"
#include "signaling/store/store.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct people p;
static const struct store_ops *real;
static struct store_ops faulty;
static int left; /* operations that still succeed; negative: all do */

static bool refused(void)
{
    return left >= 0 && left-- == 0;
}

static int faulty_begin(void *engine)
{
    return refused() ? SQ_ERR_STORE : real->begin(engine);
}

static int faulty_commit(void *engine)
{
    return refused() ? SQ_ERR_STORE : real->commit(engine);
}

static int faulty_step(void *engine, void *cursor)
{
    return refused() ? SQ_ERR_STORE : real->step(engine, cursor);
}

static void wrap(void)
{
    real = p.service.store->ops;
    faulty = *real;
    faulty.begin = faulty_begin;
    faulty.commit = faulty_commit;
    faulty.step = faulty_step;
    left = -1;
    p.service.store->ops = &faulty;
}

static void up(void)
{
    people_init(&p);
    wrap();
}

static void down(void)
{
    left = -1;
    people_fini(&p);
}

TestSuite(disk, .init = up, .fini = down);

static const char *const on_duty[] = {EXPERT_1, EXPERT_2, NULL};

/* Everything that a method may change, as numbers. */
static int64_t fingerprint(void)
{
    struct store_query q;
    store_query(p.service.store, &q,
                "SELECT (SELECT COUNT(*) FROM consultation) * 1000003"
                " + (SELECT COALESCE(SUM(revision), 0) FROM consultation) * 10007"
                " + (SELECT COALESCE(SUM(state + 1), 0) FROM ring) * 101"
                " + (SELECT COALESCE(SUM(presence + 1), 0) FROM participant) * 11"
                " + (SELECT COUNT(*) FROM deadline) * 7 + (SELECT COUNT(*) FROM opinion) * 3"
                " + (SELECT COUNT(*) FROM signing_key)",
                NULL, 0);
    cr_assert(store_next(&q));
    int64_t value = store_int(&q, 0);
    cr_assert_eq(store_query_end(&q), 0);
    return value;
}

/* Fails the call at its 0th, 1st, 2nd ... operation until one goes through; returns how many
 * failed. */
static int fail_each(const char *account, const char *method, json_t *(*params)(const char *id),
                     const char *id)
{
    int64_t before = fingerprint();
    for (int n = 0;; n++) {
        left = n + 1; /* the first one reads who the caller is, before the method begins */
        int status = people_call(&p, account, method, params(id));
        left = -1;
        if (status == 0)
            return n;
        cr_assert_eq(status, SQ_ERR_STORE, "%s, operation %d: %d", method, n, status);
        cr_assert_eq(fingerprint(), before, "%s, operation %d changed something", method, n);
        cr_assert_lt(n, 500);
    }
}

static json_t *request(const char *id)
{
    (void)id;
    return people_request();
}

static json_t *opinion(const char *id)
{
    return json_pack("{s:s, s:{s:s}}", "consultationId", id, "opinion", "advice", "rest");
}

Test(disk, every_operation_of_a_life_may_fail_and_nothing_is_half_done)
{
    char id[ID_MAX];
    cr_assert_eq(people_submit(&p, on_duty, id), 0); /* puts them on duty */
    cr_expect_gt(fail_each(VILLAGER, "consultation.submit", request, NULL), 10);
    snprintf(id, sizeof(id), "%s", people_result(&p, "id"));
    cr_expect_gt(fail_each(EXPERT_1, "consultation.accept", people_id, id), 10);
    cr_expect_gt(fail_each(EXPERT_1, "consultation.enter", people_id, id), 10);
    cr_expect_gt(fail_each(VILLAGER, "consultation.enter", people_id, id), 10);
    cr_expect_gt(fail_each(VILLAGER, "consultation.end", people_id, id), 10);
    cr_expect_gt(fail_each(EXPERT_1, "opinion.sign", opinion, id), 20);
    cr_expect_gt(fail_each(VILLAGER, "consultation.acknowledge", people_id, id), 10);
    cr_expect_str_eq(people_result(&p, "state"), "acknowledged");
}

Test(disk, a_deadline_that_fails_is_due_again)
{
    struct effects effects = {0};
    char id[ID_MAX];
    bool more = false;
    int failed = 0;
    cr_assert_eq(people_submit(&p, on_duty, id), 0);
    p.utc_us += p.service.limits.ring_timeout_us;
    for (int status = SQ_ERR_STORE; status < 0; failed += status < 0) {
        left = failed;
        status = store_begin(p.service.store);
        if (status == 0)
            status = service_deadlines_due(&p.service, p.utc_us, &effects, &more);
        if (status == 0)
            status = store_commit(p.service.store);
        left = -1;
        store_rollback(p.service.store);
        effects_clear(&effects);
        cr_assert_eq(people_call(&p, VILLAGER, "consultation.get", people_id(id)), 0);
        cr_assert_str_eq(people_result(&p, "state"), status == 0 ? "expired" : "routed");
        cr_assert_lt(failed, 500);
    }
    cr_expect_gt(failed, 10);
    struct audit_verdict verdict;
    cr_assert_eq(audit_verify(p.service.store, &verdict), 0);
    cr_expect_eq(verdict.first_bad, 0);
}
