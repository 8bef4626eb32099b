/* SPDX-License-Identifier: Apache-2.0 */
/* relay/room/table against a plain array. */
#include "relay/room/table.h"
#include "tests/support/prng.h"
#include <criterion/criterion.h>
#include <string.h>

Test(table, keeps_what_is_put_and_forgets_what_is_removed)
{
    enum { KEYS = 300, CAPACITY = 200 };
    static int values[KEYS];
    bool in[KEYS] = {false};
    size_t count = 0;
    struct table *t;
    struct prng r = prng_of(5);
    cr_assert_eq(table_new(&t, CAPACITY, 99), 0);
    for (int step = 0; step < 50000; step++) {
        uint32_t k = prng_below(&r, KEYS);
        if (prng_chance(&r, 0.5)) {
            int code = table_put(t, k, &values[k]);
            cr_assert_eq(code == 0, in[k] || count < CAPACITY);
            count += code == 0 && !in[k];
            in[k] = in[k] || code == 0;
        } else {
            table_remove(t, k);
            count -= in[k];
            in[k] = false;
        }
        uint32_t probe = prng_below(&r, KEYS);
        cr_assert_eq(table_get(t, probe), in[probe] ? &values[probe] : NULL);
        cr_assert_eq(table_count(t), count);
    }
    table_free(t);
}

Test(table, hash_depends_on_the_seed)
{
    cr_expect_neq(table_hash_text("abc", 1), table_hash_text("abc", 2));
    cr_expect_eq(table_hash_text("abc", 1), table_hash_bytes("abc", 3, 1));
}
