/* SPDX-License-Identifier: Apache-2.0 */
/* Replies by idempotency key, outboxes, sequence numbers. */
#include "people.h"
#include "shanqiao/error.h"
#include "signaling/store/delivery.h"
#include "signaling/store/store.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct people p;
static const uint8_t digest[DELIVERY_DIGEST_BYTES] = {1, 2, 3};
static const uint8_t other_digest[DELIVERY_DIGEST_BYTES] = {9};

static void up(void)
{
    people_init(&p);
    STORE_RUN(p.service.store,
              "INSERT INTO session (id, token_hash, account, device, created_us, expires_us)"
              " VALUES ('ses_a', $1, $2, '', 0, $3)",
              sv_bytes(digest, 32), sv_text(VILLAGER), sv_int(p.utc_us + TIME_US_PER_S));
}

static void down(void)
{
    people_fini(&p);
}

TestSuite(delivery, .init = up, .fini = down);

static int next_seqs(struct people *of, time_us utc_us, struct delivery_places *to)
{
    struct store_query q;
    delivery_ask_seqs(&of->service, VILLAGER, utc_us, &q);
    return delivery_take_seqs(&q, to);
}

Test(delivery, a_known_key_gives_the_stored_reply)
{
    char *reply = NULL;
    cr_assert_eq(delivery_reply_find(&p.service, "ses_a", "k1", digest, &reply), 0);
    cr_expect_null(reply);
    cr_assert_eq(delivery_reply_put(&p.service, "ses_a", "k1", digest, "{\"x\":1}", p.utc_us), 0);
    cr_assert_eq(delivery_reply_find(&p.service, "ses_a", "k1", digest, &reply), 0);
    cr_expect_str_eq(reply, "{\"x\":1}");
    free(reply);
    cr_expect_eq(delivery_reply_find(&p.service, "ses_a", "k1", other_digest, &reply),
                 SQ_ERR_CONFLICT);
    cr_expect_null(reply);
    cr_assert_eq(delivery_reply_find(&p.service, "ses_b", "k1", digest, &reply), 0);
    cr_expect_null(reply);
    cr_expect_eq(delivery_reply_put(&p.service, "ses_a", "k1", digest, "{}", p.utc_us),
                 SQ_ERR_CONFLICT);
}

struct read {
    int64_t first, last;
    int count;
};

static int take(int64_t seq, const char *body, void *user)
{
    struct read *r = user;
    char wanted[32];
    snprintf(wanted, sizeof(wanted), "body %lld", (long long)seq);
    cr_expect_str_eq(body, wanted);
    r->first = r->count ? r->first : seq;
    r->last = seq;
    r->count++;
    return 0;
}

static void put(int count)
{
    for (int i = 0; i < count; i++) {
        int64_t seq = 0;
        char body[32];
        cr_assert_eq(delivery_next_seq(&p.service, "ses_a", &seq), 0);
        snprintf(body, sizeof(body), "body %lld", (long long)seq);
        cr_assert_eq(delivery_outbox_put(&p.service, "ses_a", seq, body), 0);
    }
}

Test(delivery, numbers_have_no_gap_and_missed_ones_come_in_order)
{
    struct read r = {0};
    put(10);
    cr_assert_eq(delivery_outbox_read(&p.service, "ses_a", 4, take, &r), 0);
    cr_expect(r.first == 5 && r.last == 10 && r.count == 6);
    cr_assert_eq(delivery_outbox_trim(&p.service, "ses_a", 8), 0);
    r = (struct read){0};
    cr_assert_eq(delivery_outbox_read(&p.service, "ses_a", 0, take, &r), 0);
    cr_expect(r.first == 9 && r.count == 2);
    int64_t seq = 0;
    cr_expect_eq(delivery_next_seq(&p.service, "ses_none", &seq), SQ_ERR_NOT_FOUND);
}

Test(delivery, an_outbox_is_bounded)
{
    struct read r = {0};
    cr_assert_eq(store_begin(p.service.store), 0);
    put(OUTBOX_KEPT + 5);
    cr_assert_eq(store_commit(p.service.store), 0);
    cr_assert_eq(delivery_outbox_read(&p.service, "ses_a", 0, take, &r), 0);
    cr_expect_eq(r.count, OUTBOX_KEPT);
    cr_expect_eq(r.last, OUTBOX_KEPT + 5);
}

Test(delivery, only_living_sessions_are_told)
{
    struct delivery_places to;
    int64_t seq = 0;
    cr_assert_eq(next_seqs(&p, p.utc_us, &to), 0);
    cr_assert_eq(to.count, 1);
    cr_assert_eq(delivery_next_seq(&p.service, to.items[0].session, &seq), 0);
    cr_expect_eq(seq, to.items[0].seq + 1);
    cr_assert_eq(next_seqs(&p, p.utc_us + TIME_US_PER_S, &to), 0);
    cr_expect_eq(to.count, 0);
}

Test(delivery, replies_are_forgotten_when_nobody_can_ask_for_them)
{
    char cursor[ID_MAX] = "", name[ID_MAX];
    time_us later = p.utc_us + DELIVERY_ENDED_KEPT_US + 1;
    cr_assert_eq(delivery_reply_put(&p.service, "ses_a", "k1", digest, "{}", p.utc_us), 0);
    cr_assert_eq(delivery_reply_put(&p.service, "ses_gone", "k1", digest, "{}", p.utc_us), 0);
    cr_expect_eq(delivery_sweep(&p.service, later - 2, cursor), 0, "a sign-out is asked for again");
    cr_expect_eq(delivery_sweep(&p.service, later, cursor), 1, "of the session that is no more");
    cr_expect_eq(delivery_sweep(&p.service, p.utc_us + DELIVERY_REPLY_KEPT_US + 1, cursor), 1);
    for (int i = 0; i < DELIVERY_SWEEP_MAX + 1; i++) {
        snprintf(name, sizeof name, "ses_gone_%03d", i);
        cr_assert_eq(delivery_reply_put(&p.service, name, "k1", digest, "{}", p.utc_us), 0);
    }
    cr_expect_eq(delivery_sweep(&p.service, later, cursor), DELIVERY_SWEEP_MAX,
                 "a slice at a time");
    cr_expect_eq(delivery_sweep(&p.service, later, cursor), 1, "and on from there");
    cr_expect_str_empty(cursor);
}
