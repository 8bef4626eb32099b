/* SPDX-License-Identifier: Apache-2.0 */
/* Every allocation of every constructor fails once; none may leak, crash or lie. */
#include "client-lib/audio/capture.h"
#include "client-lib/audio/opus.h"
#include "client-lib/audio/playout.h"
#include "client-lib/audio/treat.h"
#include "client-lib/session/session.h"
#include "client-lib/signal/rpc.h"
#include "client-lib/video/frames.h"
#include "tests/support/oom.h"
#include <criterion/criterion.h>

Test(oom, client)
{
    struct sq_client_config config = {.struct_size = sizeof(config), .url = "wss://127.0.0.1:1/v1"};
    OOM_FOR_EACH(n)
    {
        sq_client *client = NULL;
        int err = sq_client_new(&client, &config);
        cr_assert(err == 0 || err == SQ_ERR_NOMEM, "%zu: %d", n, err);
        sq_client_free(client);
    }
}

Test(oom, session_and_join)
{
    struct dtls_identity *identity;
    struct sq_track_settings tracks[2];
    cr_assert_eq(dtls_identity_new(&identity, INT64_C(1790000000000000)), 0);
    sq_track_settings_init(&tracks[0], SQ_AUDIO, SQ_MICROPHONE);
    sq_track_settings_init(&tracks[1], SQ_VIDEO, SQ_CAMERA);
    struct session_config config = {
        .room = "r", .tracks = tracks, .track_count = 2, .identity = identity};
    OOM_FOR_EACH(n)
    {
        struct session *s = NULL;
        int err = session_new(&s, &config);
        cr_assert(err == 0 || err == SQ_ERR_NOMEM, "%zu: %d", n, err);
        session_free(s);
    }
    dtls_identity_free(identity);
}

Test(oom, remote_tracks)
{
    struct dtls_identity *identity;
    cr_assert_eq(dtls_identity_new(&identity, INT64_C(1790000000000000)), 0);
    struct session_config config = {.room = "r", .identity = identity};
    struct session *s = NULL;
    cr_assert_eq(session_new(&s, &config), 0);
    struct join_consumer c = {.id = "c",
                              .participant = "a",
                              .kind = SQ_VIDEO,
                              .source = SQ_CAMERA,
                              .codec = SQ_CODEC_VP8,
                              .ssrc = 5,
                              .payload_type = 96,
                              .nack = true};
    OOM_FOR_EACH(n)
    {
        int err = session_add_consumer(s, &c);
        cr_assert(err == 0 || err == SQ_ERR_NOMEM, "%zu: %d", n, err);
        session_remove_consumer(s, "c");
    }
    session_free(s);
    dtls_identity_free(identity);
}

Test(oom, small_things)
{
    OOM_FOR_EACH(n)
    {
        struct capture *c = NULL;
        struct playout *p = NULL;
        struct treat *t = NULL;
        struct rpc *r = NULL;
        struct treat_config config = {true, true, true};
        int err = capture_new(&c);
        err = err ? err : playout_new(&p);
        err = err ? err : playout_add(p, 1);
        err = err ? err : treat_new(&t, &config);
        err = err ? err : rpc_new(&r, NULL, NULL);
        cr_assert(err == 0 || err == SQ_ERR_NOMEM);
        capture_free(c);
        playout_free(p);
        treat_free(t);
        rpc_free(r);
    }
}
