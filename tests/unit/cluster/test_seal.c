/* SPDX-License-Identifier: Apache-2.0 */
/* cluster/seal: what opens, and all that must not. */
#include "base/bytes.h"
#include "cluster/seal.h"
#include "shanqiao/error.h"
#include <criterion/criterion.h>
#include <sodium.h>
#include <string.h>

#define BOOT_A UINT64_C(0x0123456789abcdef)
#define BOOT_B UINT64_C(0x1111111111111111)

static const struct cluster_key key_one = {.id = 1, .secret = "the first key of the test, 32 by"};
static const struct cluster_key key_two = {.id = 2, .secret = "the other key of the test, 32 by"};
static struct seal a, b;
static uint8_t frame[SEAL_FRAME_MAX];
static uint8_t body[CLUSTER_BODY_MAX + 1];
static struct seal_header h;

static void start(void)
{
    cr_assert_geq(sodium_init(), 0);
    cr_assert_eq(seal_init(&a, "front-1", &key_one, 1, BOOT_A), 0);
    cr_assert_eq(seal_init(&b, "county-1", &key_one, 1, BOOT_B), 0);
}

TestSuite(seal, .init = start);

static size_t request(const char *text)
{
    int64_t n = seal_close(&a, SEAL_REQUEST, "county-1", BOOT_B, 77, text, strlen(text), frame);
    cr_assert_eq(n, (int64_t)(strlen(text) + SEAL_OVERHEAD));
    return (size_t)n;
}

Test(seal, a_frame_opens_with_all_its_fields)
{
    size_t n = request("{\"v\":1}");
    cr_assert_eq(seal_open(&b, frame, n, &h, body), 7);
    cr_assert_str_eq((char *)body, "{\"v\":1}");
    cr_assert_str_eq(h.sender, "front-1");
    cr_assert(h.type == SEAL_REQUEST && h.key_id == 1 && h.boot == BOOT_A && h.counter == 1 &&
              h.ticket == 77 && h.to_boot == BOOT_B);
}

Test(seal, the_layout_is_the_documented_one)
{
    size_t n = request("abc");
    cr_assert_eq(n, 80 + 24 + 3 + 16);
    cr_assert_eq(frame[0], 1);
    cr_assert_eq(frame[1], SEAL_REQUEST);
    cr_assert_eq(bytes_get_u32(frame + 4), 1);
    cr_assert_eq(bytes_get_u64(frame + 8), BOOT_A);
    cr_assert_eq(bytes_get_u64(frame + 16), 1);
    cr_assert_eq(bytes_get_u64(frame + 24), 77);
    cr_assert_eq(bytes_get_u64(frame + 32), BOOT_B);
    cr_assert_str_eq((char *)frame + 40, "front-1");
    uint8_t aad[120] = {0}, opened[3];
    memcpy(aad, frame, 80);
    memcpy(aad + 80, "county-1", 8);
    cr_assert_eq(crypto_aead_xchacha20poly1305_ietf_decrypt(opened, NULL, NULL, frame + 104, 19,
                                                            aad, sizeof aad, frame + 80,
                                                            key_one.secret),
                 0);
    cr_assert_arr_eq(opened, "abc", 3);
}

Test(seal, an_empty_and_a_full_body_go_through_and_a_longer_one_does_not)
{
    static uint8_t full[CLUSTER_BODY_MAX + 1];
    memset(full, 'x', sizeof full);
    cr_assert_eq(seal_open(&b, frame, request(""), &h, body), 0);
    cr_assert_eq(body[0], 0);
    int64_t n = seal_close(&a, SEAL_REQUEST, "county-1", BOOT_B, 1, full, CLUSTER_BODY_MAX, frame);
    cr_assert_eq(n, SEAL_FRAME_MAX);
    cr_assert_eq(seal_open(&b, frame, (size_t)n, &h, body), CLUSTER_BODY_MAX);
    uint64_t before = a.counter;
    cr_assert_eq(seal_close(&a, SEAL_REQUEST, "county-1", BOOT_B, 1, full, sizeof full, frame),
                 SQ_ERR_LIMIT);
    cr_assert_eq(a.counter, before);
    cr_assert_leq(SEAL_FRAME_MAX + 64, 65536, "NN_RCVMAXSIZE");
}

Test(seal, a_change_of_any_bit_does_not_open)
{
    size_t n = request("{\"method\":\"room.close\"}");
    for (size_t i = 0; i < n * 8; i++) {
        frame[i / 8] ^= (uint8_t)(1u << i % 8);
        body[0] = '?';
        cr_assert_lt(seal_open(&b, frame, n, &h, body), 0, "bit %zu", i);
        cr_assert(body[0] == '?' || body[0] == 0, "bytes of a forged frame were handed out");
        frame[i / 8] ^= (uint8_t)(1u << i % 8);
    }
    cr_assert_gt(seal_open(&b, frame, n, &h, body), 0);
}

Test(seal, no_shorter_or_longer_frame_opens)
{
    size_t n = request("{\"method\":\"room.close\"}");
    for (size_t len = 0; len < n; len++)
        cr_assert_lt(seal_open(&b, frame, len, &h, body), 0);
    cr_assert_eq(seal_open(&b, frame, n + 1, &h, body), SQ_ERR_FORGED);
    static uint8_t huge[SEAL_FRAME_MAX + 1];
    memcpy(huge, frame, n);
    cr_assert_eq(seal_open(&b, huge, sizeof huge, &h, body), SQ_ERR_INVALID);
}

Test(seal, each_refusal_has_its_code)
{
    size_t n = request("{}");
    frame[0] = 2;
    cr_assert_eq(seal_open(&b, frame, n, &h, body), SQ_ERR_UNSUPPORTED);
    frame[0] = 1;
    frame[7] = 9;
    cr_assert_eq(seal_open(&b, frame, n, &h, body), SQ_ERR_NOT_FOUND);
    frame[7] = 1;
    frame[1] = 9;
    cr_assert_eq(seal_open(&b, frame, n, &h, body), SQ_ERR_INVALID);
    frame[1] = SEAL_REQUEST;
    frame[60] = 'x';
    cr_assert_eq(seal_open(&b, frame, n, &h, body), SQ_ERR_INVALID,
                 "bytes behind the sender's zero");
    frame[60] = 0;
    frame[40] = '/';
    cr_assert_eq(seal_open(&b, frame, n, &h, body), SQ_ERR_INVALID);
}

Test(seal, a_frame_is_for_its_recipient_in_its_role_only)
{
    struct seal c;
    cr_assert_eq(seal_init(&c, "county-2", &key_one, 1, BOOT_B), 0);
    size_t n = request("{}");
    cr_assert_eq(seal_open(&a, frame, n, &h, body), SQ_ERR_FORGED, "reflected");
    cr_assert_eq(seal_open(&c, frame, n, &h, body), SQ_ERR_FORGED, "redirected");
    for (uint8_t type = SEAL_REQUEST; type <= SEAL_WELCOME; type++) {
        frame[1] = type;
        cr_assert_eq(seal_open(&b, frame, n, &h, body) >= 0, type == SEAL_REQUEST, "role %d", type);
    }
}

Test(seal, what_is_published_opens_everywhere_and_as_nothing_else)
{
    int64_t n = seal_close(&b, SEAL_PUBLISH, NULL, 0, 0, "beat", 4, frame);
    cr_assert_eq(seal_open(&a, frame, (size_t)n, &h, body), 4);
    frame[1] = SEAL_REQUEST;
    cr_assert_eq(seal_open(&a, frame, (size_t)n, &h, body), SQ_ERR_FORGED);
}

Test(seal, keys_rotate_without_a_gap)
{
    const struct cluster_key both_old_seals[2] = {key_one, key_two},
                             both_new_seals[2] = {key_two, key_one};
    struct seal old_only = b, with_both, moved, new_only;
    cr_assert_eq(seal_init(&with_both, "county-1", both_old_seals, 2, BOOT_B), 0);
    cr_assert_eq(seal_init(&moved, "front-1", both_new_seals, 2, BOOT_A), 0);
    cr_assert_eq(seal_init(&new_only, "county-1", &key_two, 1, BOOT_B), 0);
    size_t n = request("old"); /* step 1: some have both keys, all seal with the old one */
    cr_assert_eq(seal_open(&with_both, frame, n, &h, body), 3);
    int64_t m = seal_close(&moved, SEAL_REQUEST, "county-1", BOOT_B, 1, "new", 3,
                           frame); /* step 2: new one seals */
    cr_assert_eq(seal_open(&with_both, frame, (size_t)m, &h, body), 3);
    cr_assert_eq(seal_open(&new_only, frame, (size_t)m, &h, body),
                 3); /* step 3: the old one is gone */
    cr_assert_eq(seal_open(&old_only, frame, (size_t)m, &h, body), SQ_ERR_NOT_FOUND);
    n = request("old");
    cr_assert_eq(seal_open(&new_only, frame, n, &h, body), SQ_ERR_NOT_FOUND);
}

Test(seal, the_same_id_with_another_key_is_a_forgery)
{
    struct cluster_key wrong = key_two;
    wrong.id = 1;
    struct seal c;
    cr_assert_eq(seal_init(&c, "county-1", &wrong, 1, BOOT_B), 0);
    cr_assert_eq(seal_open(&c, frame, request("{}"), &h, body), SQ_ERR_FORGED);
}

Test(seal, wrong_configurations_are_refused)
{
    struct seal s;
    const struct cluster_key same[2] = {key_one, key_one};
    cr_assert_eq(seal_init(&s, "", &key_one, 1, 1), SQ_ERR_INVALID);
    cr_assert_eq(seal_init(&s, "a b", &key_one, 1, 1), SQ_ERR_INVALID);
    cr_assert_eq(seal_init(&s, "a23456789b23456789c23456789d23456789e234", &key_one, 1, 1),
                 SQ_ERR_INVALID);
    cr_assert_eq(seal_init(&s, "a23456789b23456789c23456789d23456789e23", &key_one, 1, 1), 0);
    cr_assert_eq(seal_init(&s, "a", &key_one, 0, 1), SQ_ERR_INVALID);
    cr_assert_eq(seal_init(&s, "a", same, 2, 1), SQ_ERR_INVALID);
}

Test(window, each_counter_is_taken_once)
{
    struct seal_window w = {0};
    for (uint64_t c = 1; c <= 5000; c++)
        cr_assert_eq(seal_window_take(&w, BOOT_A, c), 0);
    for (uint64_t c = 1; c <= 5000; c++)
        cr_assert_eq(seal_window_take(&w, BOOT_A, c), SQ_ERR_REPLAY);
}

Test(window, order_may_change_within_the_window)
{
    struct seal_window w = {0};
    cr_assert_eq(seal_window_take(&w, BOOT_A, 2000), 0);
    cr_assert_eq(seal_window_take(&w, BOOT_A, 2000 - SEAL_WINDOW + 1), 0);
    cr_assert_eq(seal_window_take(&w, BOOT_A, 2000 - SEAL_WINDOW), SQ_ERR_REPLAY, "too far behind");
    for (uint64_t c = 1999; c > 2000 - SEAL_WINDOW + 1; c--)
        cr_assert_eq(seal_window_take(&w, BOOT_A, c), 0);
    for (uint64_t c = 1; c <= 2000; c++)
        cr_assert_eq(seal_window_take(&w, BOOT_A, c), SQ_ERR_REPLAY);
    cr_assert_eq(seal_window_take(&w, BOOT_A, 2500), 0);
    cr_assert_eq(seal_window_take(&w, BOOT_A, 2001), 0, "never seen, still inside");
    cr_assert_eq(seal_window_take(&w, BOOT_A, 1999), SQ_ERR_REPLAY);
}

Test(window, against_a_plain_list_of_what_was_taken)
{
    struct seal_window w = {0};
    static bool taken[20000];
    uint64_t newest = 0, x = 1;
    for (int i = 0; i < 100000; i++) {
        x = x * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        uint64_t c = 1 + (uint64_t)i / 6 + (x >> 40) % 2100;
        bool want = !taken[c] && c + SEAL_WINDOW > newest;
        cr_assert_eq(seal_window_take(&w, BOOT_A, c) == 0, want);
        taken[c] |= want;
        newest = c > newest ? c : newest;
    }
}

Test(window, a_newer_boot_starts_anew_and_the_older_is_refused)
{
    struct seal_window w = {0};
    uint64_t older = seal_boot_at(INT64_C(1700000000) * TIME_US_PER_S);
    uint64_t newer = seal_boot_at(INT64_C(1700000001) * TIME_US_PER_S);
    cr_assert_eq(seal_window_take(&w, older, 500), 0);
    cr_assert_eq(seal_window_take(&w, newer, 1), 0);
    cr_assert_eq(seal_window_take(&w, older, 501), SQ_ERR_REPLAY);
    cr_assert_eq(seal_window_take(&w, newer, 1), SQ_ERR_REPLAY);
    cr_assert_eq(seal_window_take(&w, newer, 2), 0);
}

Test(window, a_proven_start_refuses_all_before_it)
{
    struct seal_window w = {0};
    seal_window_start(&w, BOOT_A, 3000);
    for (uint64_t c = 1; c <= 3000; c++)
        cr_assert_eq(seal_window_take(&w, BOOT_A, c), SQ_ERR_REPLAY);
    cr_assert_eq(seal_window_take(&w, BOOT_A, 3001), 0);
    cr_assert_eq(seal_window_take(&w, BOOT_A, 3001), SQ_ERR_REPLAY);
}

Test(boot, ids_are_ordered_by_time_and_differ)
{
    time_us t = INT64_C(1795000000) * TIME_US_PER_S;
    cr_assert_lt(seal_boot_at(t), seal_boot_at(t + TIME_US_PER_MS));
    cr_assert_neq(seal_boot_at(t), seal_boot_at(t), "may fail once in two million runs");
    cr_assert_neq(seal_boot_at(0), 0);
    cr_assert_neq(seal_boot_at(-1), 0);
    uint64_t seen = seal_boot_at(t);
    cr_assert_gt(seal_boot_after(seen), seen);
}
