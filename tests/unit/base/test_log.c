/* SPDX-License-Identifier: Apache-2.0 */
/* The log of a process: level, sink, limit and threads. */
#include "base/log.h"
#include <criterion/criterion.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char last[8192];
static int lines;

static void keep(const char *text, void *user)
{
    cr_assert_eq(user, &lines);
    snprintf(last, sizeof last, "%s", text);
    lines++;
}

static void start(void)
{
    log_set_sink(keep, &lines);
}

static void stop(void)
{
    log_set_sink(NULL, NULL);
}

TestSuite(log, .init = start, .fini = stop);

Test(log, lines_below_the_level_are_not_written)
{
    log_start("relay", LOG_WARN);
    log_write(LOG_INFO, "a.info");
    cr_assert_eq(lines, 0);
    log_write(LOG_WARN, "a.warn", LOG_INT("n", 3));
    cr_assert_eq(lines, 1);
    cr_assert_not_null(strstr(last, "\"program\":\"relay\",\"key\":\"a.warn\",\"n\":3}\n"), "%s",
                       last);
}

Test(log, debug_is_off_by_default)
{
    log_write(LOG_DEBUG, "a.debug");
    cr_assert_eq(lines, 0);
    log_write(LOG_INFO, "a.info");
    cr_assert_eq(lines, 1);
}

Test(log, a_flood_of_one_key_is_limited_and_others_pass)
{
    for (int i = 0; i < 100000; i++)
        log_write(LOG_ERROR, "a.flood");
    int passed = lines;
    cr_assert(passed >= 20 && passed < 50000, "%d",
              passed); /* a burst, and 20 each second that this takes */
    log_write(LOG_ERROR, "b.other");
    cr_assert_eq(lines, passed + 1);
}

Test(log, private_data_never_shows_in_release)
{
    setenv("LOG_SHOW_PRIVATE", "1", 1);
    log_start("relay", LOG_INFO);
#ifdef NDEBUG
    cr_assert_not_null(strstr(last, "log.show_private_refused"), "%s", last);
    log_write(LOG_INFO, "a.b", LOG_PRIVATE("who", "Han Meimei"));
    cr_assert_not_null(strstr(last, "[private]"));
    cr_assert_null(strstr(last, "Meimei"));
#else
    log_write(LOG_INFO, "a.b", LOG_PRIVATE("who", "Han Meimei"));
    cr_assert_not_null(strstr(last, "Meimei"), "a debug build at one's desk may");
#endif
}

Test(log, private_data_is_hidden_by_default)
{
    unsetenv("LOG_SHOW_PRIVATE");
    log_start("relay", LOG_INFO);
    log_write(LOG_INFO, "a.b", LOG_PRIVATE("who", "Han Meimei"));
    cr_assert_null(strstr(last, "Meimei"));
}

static void *write_many(void *key)
{
    for (int i = 0; i < 1000; i++)
        log_write(LOG_INFO, key, LOG_INT("i", i));
    return NULL;
}

Test(log, threads_write_at_the_same_time)
{
    static char keys[4][8] = {"t.a", "t.b", "t.c", "t.d"};
    pthread_t threads[4];
    for (int i = 0; i < 4; i++)
        cr_assert_eq(pthread_create(&threads[i], NULL, write_many, keys[i]), 0);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    cr_assert_geq(lines, 4 * 20);
}

Test(log, level_names)
{
    bool ok = false;
    cr_assert_eq(log_level_parse("debug", &ok), LOG_DEBUG);
    cr_assert(ok);
    cr_assert_eq(log_level_parse("error", &ok), LOG_ERROR);
    cr_assert(ok);
    cr_assert_eq(log_level_parse("loud", &ok), LOG_INFO);
    cr_assert(!ok);
    log_level_parse(NULL, &ok);
    cr_assert(!ok);
}
