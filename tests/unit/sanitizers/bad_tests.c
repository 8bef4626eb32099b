/* SPDX-License-Identifier: Apache-2.0 */
/* Deliberately bad tests. must_fail runs each alone and insists that it fails with the right
 * report; nothing else runs this program. volatile keeps the compiler from seeing, or removing, the
 * defects. */
#include <criterion/criterion.h>
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>

static char *volatile held;
static char *volatile gone;
static volatile size_t ten = 10;
static volatile int largest = INT_MAX;
static int shared;

Test(bad, assertion)
{
    cr_assert_eq(1, 2, "1 is not 2, deliberately");
}

Test(bad, leak)
{
    held = malloc(ten);
    held = NULL;
}

static void drop(void)
{
    held = NULL;
}

Test(bad, leak_in_fini, .fini = drop)
{
    held = malloc(ten);
}

Test(bad, use_after_free)
{
    held = malloc(ten);
    gone = held;
    free(held);
    gone[3] = 1;
}

Test(bad, overflow)
{
    held = malloc(ten);
    held[ten] = 1;
    free(held);
}

Test(bad, signed_overflow)
{
    largest = largest + 1;
}

static void *add(void *unused)
{
    for (int i = 0; i < 1000; i++)
        shared++;
    return unused;
}

Test(bad, race)
{
    pthread_t a;
    pthread_t b;
    cr_assert_eq(pthread_create(&a, NULL, add, NULL), 0);
    cr_assert_eq(pthread_create(&b, NULL, add, NULL), 0);
    pthread_join(a, NULL);
    pthread_join(b, NULL);
}
