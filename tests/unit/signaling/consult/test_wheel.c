/* SPDX-License-Identifier: Apache-2.0 */
/* The timer wheel against a plain list that is searched from end to end. */
#include "../../../support/prng.h"
#include "shanqiao/error.h"
#include "signaling/consult/wheel.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DAY_US   (INT64_C(86400) * TIME_US_PER_S)
#define START_US (20000 * DAY_US)
#define KEYS     200

TestSuite(consult_wheel);

/* ---- the plain list ---- */

struct naive {
    time_us at[KEYS]; /* TIME_US_NEVER: not set */
    time_us now;
};

static void name_of(int key, char out[WHEEL_KEY_MAX])
{
    snprintf(out, WHEEL_KEY_MAX, "con_%03d.state", key);
}

static int earliest(const struct naive *n)
{
    int best = -1;
    for (int i = 0; i < KEYS; i++)
        if (n->at[i] != TIME_US_NEVER && (best < 0 || n->at[i] < n->at[best]))
            best = i; /* equal times: in the order of keys */
    return best;
}

static size_t count_of(const struct naive *n)
{
    size_t count = 0;
    for (int i = 0; i < KEYS; i++)
        count += n->at[i] != TIME_US_NEVER;
    return count;
}

static time_us some_time(struct prng *r, time_us now)
{
    switch (prng_below(r, 6)) {
    case 0: /* equal ones */
        return now + (time_us)prng_below(r, 4) * TIME_US_PER_S;
    case 1:
        return now - (time_us)prng_below(r, 1000000); /* past */
    case 2:
        return now + prng_between(r, 0, 100);
    case 3:
        return now + prng_between(r, 0, 90 * TIME_US_PER_S);
    case 4:
        return now + prng_between(r, 0, 400 * DAY_US);
    default:
        return TIME_US_NEVER - 1 - (time_us)prng_below(r, 1000); /* the far end of time */
    }
}

static struct wheel *refill(const struct naive *n)
{
    char key[WHEEL_KEY_MAX];
    struct wheel *w = wheel_new(n->now);
    cr_assert_not_null(w);
    for (int i = 0; i < KEYS; i++) {
        name_of(i, key);
        cr_assert_eq(wheel_set(w, key, n->at[i]), 0);
    }
    return w;
}

static void take_all(struct wheel *w, struct naive *n, time_us utc_us, uint64_t seed)
{
    char key[WHEEL_KEY_MAX], wanted[WHEEL_KEY_MAX];
    time_us at;
    n->now = utc_us > n->now ? utc_us : n->now;
    for (;;) {
        int next = earliest(n);
        bool due = next >= 0 && n->at[next] <= n->now;
        bool took = wheel_take(w, utc_us, key, &at);
        cr_assert_eq(took, due, "seed %llu", (unsigned long long)seed);
        if (!due)
            return;
        name_of(next, wanted);
        cr_assert_str_eq(key, wanted, "seed %llu", (unsigned long long)seed);
        cr_assert_eq(at, n->at[next]);
        n->at[next] = TIME_US_NEVER;
    }
}

static void one_schedule(uint64_t seed)
{
    struct prng r = prng_of(seed);
    struct naive n = {.now = START_US};
    for (int i = 0; i < KEYS; i++)
        n.at[i] = TIME_US_NEVER;
    struct wheel *w = wheel_new(n.now);
    for (int step = 0; step < 300; step++) {
        char key[WHEEL_KEY_MAX];
        int k = (int)prng_below(&r, KEYS);
        uint32_t what = prng_below(&r, 100);
        name_of(k, key);
        if (what < 60) {
            n.at[k] = some_time(&r, n.now);
            cr_assert_eq(wheel_set(w, key, n.at[k]), 0);
        } else if (what < 75) {
            n.at[k] = TIME_US_NEVER;
            wheel_cancel(w, key);
        } else if (what < 78) { /* a restart: the rows are the truth */
            wheel_free(w);
            w = refill(&n);
        } else if (what < 80) {
            take_all(w, &n, n.now - TIME_US_PER_S, seed); /* a clock that was put back */
        } else if (what < 90) {
            time_us next = wheel_next(w);
            take_all(w, &n, next == TIME_US_NEVER || next > START_US * 2 ? n.now : next, seed);
        } else {
            take_all(w, &n,
                     n.now + prng_between(&r, 0, what < 98 ? 60 * TIME_US_PER_S : DAY_US * 90),
                     seed);
        }
        int next = earliest(&n);
        cr_assert_eq(wheel_next(w), next < 0 ? TIME_US_NEVER : n.at[next], "seed %llu step %d",
                     (unsigned long long)seed, step);
        cr_assert_eq(wheel_count(w), count_of(&n));
    }
    wheel_free(w);
}

Test(consult_wheel, does_what_a_plain_list_does)
{
    for (uint64_t seed = 1; seed <= 400; seed++)
        one_schedule(seed);
}

/* ---- many ---- */

struct row {
    time_us at;
    char key[24];
};

static int by_time(const void *a, const void *b)
{
    const struct row *x = a, *y = b;
    return x->at != y->at ? (x->at < y->at ? -1 : 1) : strcmp(x->key, y->key);
}

Test(consult_wheel, a_hundred_thousand_come_out_in_order)
{
    enum { COUNT = 100000 };
    struct row *rows = calloc(COUNT, sizeof(*rows));
    struct prng r = prng_of(7);
    struct wheel *w = wheel_new(START_US);
    size_t taken = 0;
    for (int i = 0; i < COUNT; i++) {
        snprintf(rows[i].key, sizeof(rows[i].key), "con_%d", i);
        rows[i].at = START_US + (i % 10 == 0 ? 5 * DAY_US : prng_between(&r, 0, 30 * DAY_US));
        cr_assert_eq(wheel_set(w, rows[i].key, rows[i].at), 0);
    }
    for (int i = 0; i < COUNT / 2; i++) { /* half of them move */
        rows[i].at = START_US + prng_between(&r, 0, 3600 * TIME_US_PER_S);
        cr_assert_eq(wheel_set(w, rows[i].key, rows[i].at), 0);
    }
    cr_expect_eq(wheel_count(w), COUNT);
    qsort(rows, COUNT, sizeof(*rows), by_time);
    char key[WHEEL_KEY_MAX];
    time_us at;
    while (wheel_count(w) > 0) {
        time_us now = wheel_next(w);
        while (wheel_take(w, now, key, &at)) {
            cr_assert_eq(at, rows[taken].at);
            cr_assert_str_eq(key, rows[taken].key);
            taken++;
        }
    }
    cr_expect_eq(taken, COUNT);
    wheel_free(w);
    free(rows);
}

Test(consult_wheel, keys_that_do_not_fit)
{
    char key[WHEEL_KEY_MAX + 1];
    struct wheel *w = wheel_new(START_US);
    memset(key, 'k', sizeof(key));
    key[WHEEL_KEY_MAX] = '\0';
    cr_expect_eq(wheel_set(w, key, START_US), SQ_ERR_INVALID);
    cr_expect_eq(wheel_set(w, "", START_US), SQ_ERR_INVALID);
    key[WHEEL_KEY_MAX - 1] = '\0';
    cr_expect_eq(wheel_set(w, key, START_US), 0);
    cr_expect_eq(wheel_set(w, key, TIME_US_NEVER), 0);
    cr_expect_eq(wheel_count(w), 0);
    wheel_cancel(w, "never heard of");
    cr_expect_eq(wheel_next(w), TIME_US_NEVER);
    cr_expect_not(wheel_take(w, INT64_MAX - 1, NULL, NULL));
    wheel_free(w);
    wheel_free(NULL);
}
