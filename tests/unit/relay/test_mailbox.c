/* SPDX-License-Identifier: Apache-2.0 */
/* relay/worker/mailbox: order, bound, and that its descriptor tells the truth; two threads for the
 * thread sanitizer. */
#include "relay/worker/mailbox.h"
#include <criterion/criterion.h>
#include <poll.h>

static bool readable(const struct mailbox *m)
{
    struct pollfd p = {.fd = m->fd, .events = POLLIN};
    return poll(&p, 1, 0) == 1;
}

Test(mailbox, keeps_order_and_bound)
{
    struct mailbox m;
    int v;
    cr_assert_eq(mailbox_init(&m, sizeof v, 3), 0);
    cr_expect_not(readable(&m));
    for (int i = 0; i < 3; i++)
        cr_expect(mailbox_put(&m, &i));
    cr_expect_not(mailbox_put(&m, &(int){9}));
    cr_expect_eq(mailbox_room(&m), 0);
    cr_expect(readable(&m));
    for (int i = 0; i < 3; i++) {
        cr_assert(mailbox_take(&m, &v));
        cr_expect_eq(v, i);
    }
    cr_expect_not(mailbox_take(&m, &v));
    cr_expect_not(readable(&m));
    mailbox_ring(&m);
    cr_expect(readable(&m));
    mailbox_fini(&m);
}

static void *producer(void *user)
{
    for (int i = 0; i < 10000;)
        i += mailbox_put(user, &i);
    return NULL;
}

Test(mailbox, carries_everything_between_two_threads)
{
    struct mailbox m;
    pthread_t t;
    int v, next = 0;
    cr_assert_eq(mailbox_init(&m, sizeof v, 16), 0);
    cr_assert_eq(pthread_create(&t, NULL, producer, &m), 0);
    while (next < 10000) {
        struct pollfd p = {.fd = m.fd, .events = POLLIN};
        cr_assert_eq(poll(&p, 1, 10000), 1);
        while (mailbox_take(&m, &v))
            cr_assert_eq(v, next++);
    }
    pthread_join(t, NULL);
    mailbox_fini(&m);
}
