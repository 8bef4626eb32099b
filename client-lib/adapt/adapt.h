/* SPDX-License-Identifier: Apache-2.0 */
/* What a terminal sends on a link of a given rate: speech first, pictures with what is left (DESIGN
 * section 6). A pure function over a table. Refuses to know: codecs, packets, how the rate was
 * measured. */
#ifndef CLIENT_LIB_ADAPT_ADAPT_H
#define CLIENT_LIB_ADAPT_ADAPT_H

#include <stddef.h>
#include <stdint.h>

struct adapt_input {
    uint32_t estimate_bps;               /* toward the relay, headers included */
    uint32_t audio_tracks, video_tracks; /* that are sent now */
    uint32_t audio_max_bps;              /* payload of one track, as set by the caller */
    uint32_t video_max_bps;              /* of all video tracks together */
    uint32_t frame_ms;                   /* 0: by the table */
};

struct adapt_plan {
    uint32_t step;      /* row of the table, 0 is the best link */
    uint32_t audio_bps; /* payload of one track */
    uint32_t frame_ms;
    uint32_t video_bps; /* payload of all video tracks; 0: pictures rest */
};

/* `before`: the plan in force, NULL at the start. A step up is taken only when the link is 15 %
 * above what the step needs (down at once), so that two neighbours don't alternate. */
struct adapt_plan adapt_plan_of(const struct adapt_input *in, const struct adapt_plan *before);

/* What one sentence tells the person about the step: "zh-CN" or "en". Static storage. */
const char *adapt_step_text(uint32_t step, const char *language);

#endif
