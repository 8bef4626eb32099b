/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of commands sent and commands received. */
#include "cluster/inbox.h"
#include "cluster/requests.h"
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static struct requests *rs;
static struct inbox *in;

static void start(void)
{
    rs = calloc(1, sizeof *rs);
    in = calloc(1, sizeof *in);
    requests_init(rs);
    inbox_init(in);
}

static void stop(void)
{
    requests_fini(rs);
    inbox_fini(in);
    free(rs);
    free(in);
}

TestSuite(requests, .init = start, .fini = stop);
TestSuite(inbox, .init = start, .fini = stop);

Test(requests, a_ticket_is_found_until_it_is_removed_and_never_again)
{
    struct request *r = requests_add(rs, 3, "abc", 3, 100);
    uint64_t ticket = r->ticket;
    cr_assert_geq(ticket, 1);
    cr_assert_eq(requests_find(rs, ticket), r);
    cr_assert_str_eq(r->body, "abc");
    cr_assert_null(requests_find(rs, 0));
    cr_assert_null(requests_find(rs, ticket + REQUESTS_MAX));
    requests_remove(rs, r);
    cr_assert_null(requests_find(rs, ticket));
    r = requests_add(rs, 3, "abc", 3, 100);
    cr_assert_neq(r->ticket, ticket);
    cr_assert_null(requests_find(rs, ticket));
}

Test(requests, the_table_is_bounded)
{
    for (int i = 0; i < REQUESTS_MAX; i++)
        cr_assert_not_null(requests_add(rs, 0, "", 0, 100));
    cr_assert_null(requests_add(rs, 0, "", 0, 100));
    requests_remove(rs, &rs->slots[17]);
    cr_assert_not_null(requests_add(rs, 0, "", 0, 100));
}

Test(requests, timers_come_in_time_and_not_before)
{
    struct request *r = requests_add(rs, 0, "", 0, 1000), *s = requests_add(rs, 0, "", 0, 5000);
    requests_resend_at(rs, r, 300);
    requests_resend_at(rs, s, 400);
    cr_assert_eq(rs->due_us, 300);
    cr_assert_null(requests_due(rs, 299));
    cr_assert_eq(requests_due(rs, 300), r);
    requests_resend_at(rs, r, 600);
    cr_assert_null(requests_due(rs, 300));
    cr_assert_eq(rs->due_us, 400);
    cr_assert_eq(requests_due(rs, 700), r);
    cr_assert_eq(requests_due(rs, 700), s);
    cr_assert_null(requests_due(rs, 700));
    cr_assert_eq(rs->due_us, 1000, "only deadlines are left");
    cr_assert_null(requests_expired(rs));
    cr_assert_null(requests_due(rs, 1000));
    cr_assert_eq(requests_find(rs, r->ticket), NULL, "a reply comes too late now");
    cr_assert_eq(requests_expired(rs), r);
    cr_assert_null(requests_expired(rs));
    requests_remove(rs, r);
    cr_assert_eq(rs->due_us, 5000);
}

static struct inbox_entry *add(const char *name, uint64_t boot, uint64_t ticket)
{
    char node[CLUSTER_NODE_MAX] = {0};
    memcpy(node, name, strlen(name));
    return inbox_add(in, node, boot, ticket);
}

static struct inbox_entry *find(const char *name, uint64_t boot, uint64_t ticket)
{
    char node[CLUSTER_NODE_MAX] = {0};
    memcpy(node, name, strlen(name));
    return inbox_find(in, node, boot, ticket);
}

Test(inbox, a_command_is_known_by_sender_boot_and_ticket)
{
    struct inbox_entry *e = add("front-1", 5, 1);
    cr_assert_eq(find("front-1", 5, 1), e);
    cr_assert_null(find("front-2", 5, 1));
    cr_assert_null(find("front-1", 6, 1));
    cr_assert_null(find("front-1", 5, 2));
    cr_assert_eq(inbox_open(in, e->ticket), e);
    cr_assert_eq(inbox_answer(in, e, "yes", 3), 0);
    cr_assert_null(inbox_open(in, e->ticket), "answered");
    cr_assert_eq(find("front-1", 5, 1)->reply_bytes, 3);
}

Test(inbox, the_oldest_answers_give_way_and_open_commands_do_not)
{
    struct inbox_entry *first = add("f", 1, 100000);
    uint64_t open = first->ticket;
    for (uint64_t i = 1; i < INBOX_MAX; i++)
        cr_assert_eq(inbox_answer(in, add("f", 1, i), "r", 1), 0);
    for (uint64_t i = INBOX_MAX; i < 2 * INBOX_MAX - 1; i++) {
        cr_assert_not_null(add("f", 1, i));
        cr_assert_null(find("f", 1, i - INBOX_MAX + 1), "the oldest went first");
    }
    cr_assert_eq(inbox_open(in, open), first);
    cr_assert_null(add("f", 1, 99999), "all are being worked on");
    cr_assert_eq(in->reply_bytes, 0);
}

Test(inbox, kept_replies_are_bounded_in_bytes)
{
    size_t big = CLUSTER_BODY_MAX;
    char *reply = calloc(1, big);
    for (uint64_t i = 1; i < 100; i++) {
        cr_assert_eq(inbox_answer(in, add("f", 1, i), reply, big), 0);
        cr_assert_leq(in->reply_bytes, INBOX_REPLIES_MAX);
    }
    cr_assert_not_null(find("f", 1, 99));
    cr_assert_null(find("f", 1, 1));
    free(reply);
}
