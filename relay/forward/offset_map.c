/* SPDX-License-Identifier: Apache-2.0 */
/* Contiguous renumbering with a short history of spans. Refuses to know: what it counts. */
#include "relay/forward/offset_map.h"
#include <stddef.h>

static void open_span(struct offset_map *m, int64_t first, int64_t offset)
{
    m->spans[m->span_count++ % OFFSET_MAP_SPANS] = (struct offset_span){first, offset};
}

/* Newest span that begins at or before `in`; index counted back from the newest. */
static const struct offset_span *find_span(const struct offset_map *m, int64_t in)
{
    uint32_t kept = m->span_count < OFFSET_MAP_SPANS ? m->span_count : OFFSET_MAP_SPANS;
    for (uint32_t back = 1; back <= kept; back++) {
        const struct offset_span *s = &m->spans[(m->span_count - back) % OFFSET_MAP_SPANS];
        if (s->first <= in)
            return s;
    }
    return NULL;
}

void offset_map_init(struct offset_map *m, int64_t first_out)
{
    *m = (struct offset_map){.highest_out = first_out - 1};
}

void offset_map_restart(struct offset_map *m, int64_t in)
{
    m->span_count = 0;
    open_span(m, in, m->highest_out + 1 - in);
    m->highest_in = in - 1;
    m->running = true;
}

bool offset_map_send(struct offset_map *m, int64_t in, int64_t *out)
{
    const struct offset_span *s = m->running ? find_span(m, in) : NULL;
    if (!s)
        return false;
    *out = in + s->offset;
    if (in > m->highest_in)
        m->highest_in = in;
    if (*out > m->highest_out)
        m->highest_out = *out;
    return true;
}

void offset_map_cut(struct offset_map *m, int64_t in)
{
    if (!m->running || in <= m->highest_in)
        return;
    int64_t offset = m->spans[(m->span_count - 1) % OFFSET_MAP_SPANS].offset;
    open_span(m, in + 1, offset - 1);
    m->highest_in = in;
}

bool offset_map_reverse(const struct offset_map *m, int64_t out, int64_t *in)
{
    if (!m->running || out > m->highest_out)
        return false;
    uint32_t kept = m->span_count < OFFSET_MAP_SPANS ? m->span_count : OFFSET_MAP_SPANS;
    for (uint32_t back = 1; back <= kept; back++) {
        const struct offset_span *s = &m->spans[(m->span_count - back) % OFFSET_MAP_SPANS];
        if (s->first + s->offset <= out) {
            *in = out - s->offset;
            return true;
        }
    }
    return false;
}
