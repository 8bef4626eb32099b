/* SPDX-License-Identifier: Apache-2.0 */
/* Webhooks in the store by the test's clock: who is told, when it is tried again, when it ends. */
#include "people.h"
#include "shanqiao/error.h"
#include "signaling/store/store.h"
#include "signaling/webhook/address.h"
#include "signaling/webhook/delivery.h"
#include "signaling/webhook/webhook.h"
#include <criterion/criterion.h>
#include <string.h>

#define S TIME_US_PER_S

static struct people p;
static char receiver[ID_MAX];
static struct webhook_flight flight; /* of what the test says is on its way */

static void commit(int status)
{
    cr_assert_geq(status, 0, "%s", sq_error_name(status));
    cr_assert_eq(store_commit(p.service.store), 0);
}

static int add(const char *institution, const char *url, char id[ID_MAX])
{
    char secret[WEBHOOK_SECRET_TEXT_MAX] = "";
    cr_assert_eq(store_begin(p.service.store), 0);
    int status = webhook_add(&p.service, institution, url, p.utc_us, id, secret, sizeof secret);
    if (status < 0)
        store_rollback(p.service.store);
    else
        commit(status);
    return status;
}

static void up(void)
{
    people_init(&p);
    cr_assert_eq(add("county", "https://his.county.example/hook", receiver), 0);
}

static void down(void)
{
    people_fini(&p);
}

TestSuite(webhook_delivery, .init = up, .fini = down);

static void happens(const char *state)
{
    struct webhook_event e = {.type = "consultation.state",
                              .consultation = "con_1",
                              .state = state,
                              .inviting = "village",
                              .invited = "county",
                              .utc_us = p.utc_us};
    cr_assert_eq(store_begin(p.service.store), 0);
    commit(webhook_enqueue(&p.service, &e));
}

static struct webhook_batch due(void)
{
    struct webhook_batch batch = {.flight = &flight};
    cr_assert_eq(store_begin(p.service.store), 0);
    commit(webhook_lease(&p.service, &batch, p.utc_us));
    return batch;
}

static void answer(struct sending *sending, long status)
{
    sending->answer = status;
    cr_assert_eq(store_begin(p.service.store), 0);
    commit(webhook_note(&p.service, sending, 0, p.utc_us));
}

static int64_t number(const char *sql)
{
    struct store_query q;
    store_query(p.service.store, &q, sql, NULL, 0);
    int64_t n = store_next(&q) ? store_int(&q, 0) : -1;
    cr_assert_eq(store_query_end(&q), 0);
    return n;
}

Test(webhook_delivery, a_change_is_posted_once_and_says_nothing_of_the_patient)
{
    happens("routed");
    struct webhook_batch batch = due();
    cr_assert_eq(batch.count, 1);
    cr_expect_str_eq(batch.items[0].url, "https://his.county.example/hook");
    cr_expect_not_null(strstr(batch.items[0].body, "\"state\":\"routed\""));
    cr_expect_eq(strncmp(batch.items[0].signature, "v1,", 3), 0);
    cr_expect_eq(due().count, 0, "in flight");
    answer(&batch.items[0], 204);
    p.utc_us += 30 * 86400 * S - 1;
    cr_expect_eq(due().count, 0);
    cr_expect_eq(number("SELECT COUNT(*) FROM webhook_delivery WHERE delivered = 1"), 1);
}

Test(webhook_delivery, what_died_in_flight_is_posted_again_under_the_same_id)
{
    happens("routed");
    struct webhook_batch first = due();
    p.utc_us += WEBHOOK_LEASE_US - 1;
    cr_expect_eq(due().count, 0);
    p.utc_us += 1;
    struct webhook_batch second = due();
    cr_assert_eq(second.count, 1);
    cr_expect_str_eq(second.items[0].id, first.items[0].id);
}

Test(webhook_delivery, is_tried_for_days_and_then_given_up)
{
    time_us began_us = p.utc_us;
    int posts = 0;
    happens("routed");
    for (;;) {
        struct webhook_batch batch = due();
        if (batch.count == 0) {
            int64_t next_us = number("SELECT COALESCE(MIN(next_us), 0) FROM webhook_delivery"
                                     " WHERE ended_us = 0");
            if (next_us == 0)
                break;
            p.utc_us = next_us - 1;
            cr_expect_eq(due().count, 0, "not before its time");
            p.utc_us = next_us;
            continue;
        }
        answer(&batch.items[0], posts++ % 2 ? 500 : 0);
    }
    cr_expect_eq(posts, 10);
    cr_expect_gt(p.utc_us - began_us, 72 * 3600 * S);
    cr_expect_eq(number("SELECT COUNT(*) FROM webhook_delivery WHERE delivered = 1"), 0);
}

Test(webhook_delivery, a_redirect_is_no_delivery)
{
    happens("routed");
    struct webhook_batch batch = due();
    answer(&batch.items[0], 302);
    p.utc_us += 5 * S;
    cr_expect_eq(due().count, 1);
}

Test(webhook_delivery, both_sides_are_told_and_one_receiver_once)
{
    char other[ID_MAX];
    cr_assert_eq(add("village", "https://clinic.example/", other), 0);
    happens("routed");
    struct webhook_batch batch = due();
    cr_assert_eq(batch.count, 2);
    cr_expect_str_neq(batch.items[0].url, batch.items[1].url);
    cr_expect_str_neq(batch.items[0].id, batch.items[1].id);
    cr_expect_str_neq(batch.items[0].signature, batch.items[1].signature, "each its own secret");
}

static void put(const char *sql)
{
    cr_assert_geq(store_run(p.service.store, sql, NULL, 0), 0, "%s", store_error(p.service.store));
}

Test(webhook_delivery, all_receivers_of_both_sides_and_above_are_told)
{
    static const char *const places[] = {"village", "county", "province"};
    char id[ID_MAX];
    put("INSERT INTO institution (id, name, level, kind) VALUES ('province', 'P', 5, 'hospital')");
    put("UPDATE institution SET parent = 'province' WHERE id = 'county'");
    for (size_t i = 0; i < 3; i++)
        while (add(places[i], "https://x.example/", id) == 0)
            ;
    happens("routed");
    cr_expect_eq(number("SELECT COUNT(*) FROM webhook"), 3 * WEBHOOK_OF_INSTITUTION_MAX);
    cr_expect_eq(number("SELECT COUNT(DISTINCT webhook) FROM webhook_delivery"),
                 3 * WEBHOOK_OF_INSTITUTION_MAX);
    cr_expect_eq(number("SELECT COUNT(*) FROM webhook_delivery"), 3 * WEBHOOK_OF_INSTITUTION_MAX);
}

static size_t count_of(const struct webhook_batch *batch, const char *webhook)
{
    size_t count = 0;
    for (size_t i = 0; i < batch->count; i++)
        count += strcmp(batch->items[i].receiver, webhook) == 0;
    return count;
}

Test(webhook_delivery, a_receiver_that_does_not_answer_leaves_room_for_others)
{
    char other[ID_MAX];
    for (int i = 0; i < 2 * SENDER_QUEUE_MAX; i++)
        happens("routed");
    cr_assert_eq(add("village", "https://clinic.example/", other), 0);
    p.utc_us += 1;
    happens("accepted");
    struct webhook_batch first = due();
    cr_expect_eq(count_of(&first, receiver), WEBHOOK_OF_RECEIVER);
    cr_expect_eq(count_of(&first, other), 1, "behind it, and posted at once");
    for (size_t i = 0; i < WEBHOOK_OF_RECEIVER; i++)
        memcpy(flight.receivers[flight.count++], receiver, ID_MAX);
    p.utc_us += 1;
    happens("in_call");
    struct webhook_batch second = due();
    cr_expect_eq(count_of(&second, receiver), 0, "until one of them is over");
    cr_expect_eq(count_of(&second, other), 1);
}

Test(webhook_delivery, no_more_is_leased_than_can_be_posted)
{
    flight.count = SENDER_QUEUE_MAX;
    happens("routed");
    cr_expect_eq(due().count, 0);
    flight.count--;
    cr_expect_eq(due().count, 1);
}

Test(webhook_delivery, a_secret_that_cannot_be_unsealed_fails_its_own_deliveries_only)
{
    char other[ID_MAX];
    happens("routed");
    cr_assert_eq(STORE_RUN(p.service.store, "UPDATE webhook SET sealed_secret = $1",
                           sv_bytes("sealed with another key", 23)),
                 1);
    cr_assert_eq(add("village", "https://clinic.example/", other), 0);
    happens("accepted");
    struct webhook_batch batch = due();
    cr_expect_eq(count_of(&batch, receiver), 0);
    cr_expect_eq(count_of(&batch, other), 1, "the others go on");
    cr_expect_eq(number("SELECT COUNT(*) FROM webhook_delivery WHERE ended_us > 0 AND delivered = 0"
                        " AND failure = '" WEBHOOK_FAILED_SECRET "'"),
                 2);
    cr_expect_eq(due().count, 0, "nothing is tried again");
}

Test(webhook_delivery, a_removed_receiver_hears_nothing)
{
    happens("routed");
    cr_assert_eq(store_begin(p.service.store), 0);
    commit(webhook_remove(&p.service, receiver, p.utc_us));
    cr_expect_eq(due().count, 0);
    happens("accepted");
    cr_expect_eq(due().count, 0);
    cr_assert_eq(store_begin(p.service.store), 0);
    cr_expect_eq(webhook_remove(&p.service, receiver, p.utc_us), SQ_ERR_NOT_FOUND);
    store_rollback(p.service.store);
}

Test(webhook_delivery, only_https_without_a_name_in_it)
{
    static const char *const bad[] = {"http://x.example/",
                                      "https://",
                                      "https:///x",
                                      "https://u:p@x.example/",
                                      "https://u@x.example/",
                                      "https://x y/",
                                      "ftp://x/",
                                      "https://x\n.example/",
                                      "javascript:0",
                                      "",
                                      "https://[::1/",
                                      "https://[::1]x/",
                                      "https://[]/",
                                      "https://[::g]/",
                                      "https://[1.2.3.4]/",
                                      "https://::1/",
                                      "https://:443/x",
                                      "https://x.example:/",
                                      "https://x.example:0/",
                                      "https://x.example:65536/",
                                      "https://x.example:99999/",
                                      "https://x.example:000443/",
                                      "https://x.example:44a/",
                                      "https://[::1]:/",
                                      "https://x..example/",
                                      "https://.example/",
                                      "https://-x.example/",
                                      "https://x%41.example/",
                                      "https://256.1.1.1/",
                                      "https://1.2.3/",
                                      "https://x.example/#part",
                                      "https://x.example\\@y.example/"};
    char id[ID_MAX];
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        cr_expect_eq(add("county", bad[i], id), SQ_ERR_INVALID, "%s", bad[i]);
    cr_expect_eq(add("nowhere", "https://x.example/", id), SQ_ERR_NOT_FOUND);
}

Test(webhook_delivery, every_host_and_port_that_can_be_is_accepted)
{
    static const char *const good[] = {"https://x.example", "https://X-1.example:1/a?b=c&d=%20",
                                       "https://x:65535",   "https://10.0.0.7:8443/hook",
                                       "https://[::1]/",    "https://[2001:db8::7]:8443/hook?x=@"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        cr_expect(webhook_address_is_good(good[i]), "%s", good[i]);
}

Test(webhook_delivery, an_institution_has_a_bounded_number)
{
    char id[ID_MAX];
    int status = 0;
    for (int i = 0; i < 20 && status == 0; i++)
        status = add("county", "https://x.example/", id);
    cr_expect_eq(status, SQ_ERR_LIMIT);
}

Test(webhook_delivery, what_ended_long_ago_is_forgotten)
{
    happens("routed");
    struct webhook_batch batch = due();
    answer(&batch.items[0], 200);
    happens("accepted");
    p.utc_us += WEBHOOK_KEPT_US + 1;
    cr_assert_eq(store_begin(p.service.store), 0);
    commit(webhook_prune(&p.service, p.utc_us));
    cr_expect_eq(number("SELECT COUNT(*) FROM webhook_delivery"), 1, "what waits stays");
}
