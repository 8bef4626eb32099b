/* SPDX-License-Identifier: Apache-2.0 */
/* relay/control/registry: what hangs on what. */
#include "relay/control/registry.h"
#include <criterion/criterion.h>

Test(registry, removing_takes_away_what_hangs_on_it)
{
    struct registry *r;
    cr_assert_eq(registry_new(&r), 0);
    struct registry_entry *room = registry_add(r, REGISTRY_ROOM, "r", 1, NULL, NULL);
    struct registry_entry *a = registry_add(r, REGISTRY_TRANSPORT, "a", 1, room, NULL);
    struct registry_entry *b = registry_add(r, REGISTRY_TRANSPORT, "b", 1, room, NULL);
    struct registry_entry *p = registry_add(r, REGISTRY_PRODUCER, "p", 1, a, NULL);
    struct registry_entry *q = registry_add(r, REGISTRY_PRODUCER, "q", 1, b, NULL);
    cr_assert(registry_add(r, REGISTRY_CONSUMER, "cp", 1, b, p));
    cr_assert(registry_add(r, REGISTRY_CONSUMER, "cq", 1, a, q));
    cr_expect_eq(q->room, room);
    registry_remove(r, a);
    cr_expect_null(registry_find(r, REGISTRY_PRODUCER, "p"));
    cr_expect_null(registry_find(r, REGISTRY_CONSUMER, "cp"), "its producer is gone");
    cr_expect_null(registry_find(r, REGISTRY_CONSUMER, "cq"), "its transport is gone");
    cr_expect_eq(registry_find(r, REGISTRY_PRODUCER, "q"), q);
    registry_remove(r, room);
    for (int k = 0; k < REGISTRY_KINDS; k++)
        cr_expect_eq(registry_count(r, (enum registry_kind)k), 0);
    registry_free(r);
}

Test(registry, lists_confirmed_rooms_by_id)
{
    struct registry *r;
    const struct registry_entry *rooms[4];
    cr_assert_eq(registry_new(&r), 0);
    const char *const ids[] = {"b", "a", "d", "c"};
    for (int i = 0; i < 4; i++)
        registry_add(r, REGISTRY_ROOM, ids[i], i % 2, NULL, NULL)->confirmed = i != 2;
    cr_assert_eq(registry_rooms(r, "", rooms, 4), 3);
    cr_expect_str_eq(rooms[0]->id, "a");
    cr_expect_str_eq(rooms[2]->id, "c");
    cr_assert_eq(registry_rooms(r, "a", rooms, 4), 2);
    cr_expect_eq(registry_rooms_of(r, 0), 2);
    registry_free(r);
}
