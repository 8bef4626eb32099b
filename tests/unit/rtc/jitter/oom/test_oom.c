/* SPDX-License-Identifier: Apache-2.0 */
/* Allocation failure in the constructors of jitter buffers, packet ring and resend ledger. */
#include "rtc/jitter/audio_jitter.h"
#include "rtc/jitter/video_jitter.h"
#include "rtc/nack/packet_ring.h"
#include "shanqiao/error.h"
#include "tests/support/oom.h"
#include <criterion/criterion.h>

Test(oom, audio_jitter)
{
    OOM_FOR_EACH(n)
    {
        struct audio_jitter *j = NULL;
        int result = audio_jitter_new(&j, &(struct audio_jitter_config){0});
        cr_assert_eq(result, oom_happened() ? SQ_ERR_NOMEM : SQ_OK);
        audio_jitter_free(j);
    }
}

Test(oom, video_jitter)
{
    OOM_FOR_EACH(n)
    {
        struct video_jitter *j = NULL;
        int result = video_jitter_new(&j, &(struct video_jitter_config){0});
        cr_assert_eq(result, oom_happened() ? SQ_ERR_NOMEM : SQ_OK);
        video_jitter_free(j);
    }
}

Test(oom, packet_ring_and_ledger)
{
    OOM_FOR_EACH(n)
    {
        struct packet_ring ring;
        int result = packet_ring_init(&ring, 64, 1);
        cr_assert_eq(result, oom_happened() ? SQ_ERR_NOMEM : SQ_OK);
        packet_ring_fini(&ring);
    }
    OOM_FOR_EACH(n)
    {
        struct resend_ledger ledger;
        int result = resend_ledger_init(&ledger, 64);
        cr_assert_eq(result, oom_happened() ? SQ_ERR_NOMEM : SQ_OK);
        resend_ledger_fini(&ledger);
    }
}
