/* SPDX-License-Identifier: Apache-2.0 */
/* How long pictures stood still: a gap between two shown frames above max(3 mean, mean + 150 ms) is
 * a freeze, and the whole gap counts (as totalFreezesDuration of W3C webrtc-stats). The mean is of
 * the last 30 gaps. A pure struct. */
#ifndef CLIENT_LIB_VIDEO_FREEZE_H
#define CLIENT_LIB_VIDEO_FREEZE_H

#include "base/time.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FREEZE_WINDOW   30 /* gaps (W3C webrtc-stats, freezeCount) */
#define FREEZE_GAPS_MIN 5  /* before that there is no mean to trust: 200 ms is assumed */

struct freeze_meter {
    time_us last_us;
    bool started;
    time_us gaps_us[FREEZE_WINDOW];
    size_t count, next;
    uint64_t freezes;
    time_us frozen_us; /* sum of the gaps that were freezes */
};

/* A frame is shown at display_us. */
static inline void freeze_meter_shown(struct freeze_meter *m, time_us display_us)
{
    time_us gap = display_us - m->last_us;
    bool first = !m->started;
    m->started = true;
    if (!first && gap <= 0)
        return;
    m->last_us = display_us;
    if (first)
        return;
    time_us sum = 0;
    for (size_t i = 0; i < m->count; i++)
        sum += m->gaps_us[i];
    time_us mean = m->count >= FREEZE_GAPS_MIN ? sum / (time_us)m->count : 200 * TIME_US_PER_MS;
    time_us slack = 150 * TIME_US_PER_MS;
    if (gap > 3 * mean && gap > mean + slack) {
        m->freezes++;
        m->frozen_us += gap;
    }
    m->gaps_us[m->next] = gap;
    m->next = (m->next + 1) % FREEZE_WINDOW;
    m->count += m->count < FREEZE_WINDOW ? 1 : 0;
}

/* The stream was paused on purpose: the gap until the next frame is nobody's fault. */
static inline void freeze_meter_pause(struct freeze_meter *m)
{
    m->started = false;
}

#endif
