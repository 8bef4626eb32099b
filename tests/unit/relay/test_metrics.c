/* SPDX-License-Identifier: Apache-2.0 */
/* relay/metrics: the texts. */
#include "relay/metrics/metrics.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct metrics_input input(struct worker_status *workers)
{
    workers[0].counters[RELAY_DROP_FORGED] = 7;
    workers[1].counters[RELAY_DROP_FORGED] = 8;
    return (struct metrics_input){
        .workers = workers, .worker_count = 2, .in_cluster = true, .now_us = 5 * TIME_US_PER_S};
}

Test(metrics, every_counter_is_told_and_each_name_has_one_head)
{
    static struct worker_status workers[2];
    struct metrics_input in = input(workers);
    size_t len = 0;
    char *text = metrics_text(&in, &len), line[256];
    cr_assert_not_null(text);
    cr_expect_eq(strlen(text), len);
    cr_expect_not_null(
        strstr(text, "shanqiao_relay_dropped_total{worker=\"1\",reason=\"forged\"} 8\n"));
    for (int i = 0; i < RELAY_COUNTER_COUNT; i++) {
        const struct relay_counter_name *n = relay_counter_name((enum relay_counter)i);
        cr_assert_not_null(n->name, "counter %d has no name", i);
        snprintf(line, sizeof line, "shanqiao_relay_%s{worker=\"0\",%s} ", n->name, n->label);
        cr_expect_not_null(strstr(text, line), "%s", line);
        snprintf(line, sizeof line, "# TYPE shanqiao_relay_%s counter\n", n->name);
        char *head = strstr(text, line);
        cr_assert_not_null(head);
        cr_expect_null(strstr(head + 1, line), "%s twice", line);
    }
    free(text);
}

Test(metrics, health_fails_when_a_worker_has_stalled)
{
    static struct worker_status workers[2];
    struct metrics_input in = input(workers);
    bool healthy = false;
    workers[0].beat_us = workers[1].beat_us = in.now_us - METRICS_STALL_US;
    free(metrics_health(&in, &healthy));
    cr_expect(healthy);
    workers[1].beat_us--;
    char *text = metrics_health(&in, &healthy);
    cr_expect_not(healthy);
    cr_expect_not_null(strstr(text, "\"stalled\":1"));
    free(text);
}
