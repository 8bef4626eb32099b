/* SPDX-License-Identifier: Apache-2.0 */
/* Allocation N fails, for every N, in everything of the relay that is made on command: an error
 * with a message, and nothing left behind. */
#include "relay/control/control.h"
#include "relay/control/registry.h"
#include "relay/room/router.h"
#include "shanqiao/error.h"
#include "tests/support/oom.h"
#include "tests/unit/relay/streams.h"
#include <stdlib.h>

static bool expected(int code)
{
    return code == 0 || code == SQ_ERR_NOMEM;
}

Test(oom, producer_and_consumer)
{
    struct media_parameters from = sender_video(3), to = receiver_video();
    OOM_FOR_EACH(n)
    {
        struct forward_producer *p = NULL;
        struct forward_consumer *c = NULL;
        int code = forward_producer_new(&p, &from, false);
        cr_assert(expected(code));
        if (code)
            continue;
        code = forward_consumer_new(&c, p, &to, false, 1, 1);
        cr_assert(expected(code));
        if (!code)
            forward_consumer_free(c);
        forward_producer_free(p);
    }
}

Test(oom, registry_and_control)
{
    struct control_config config = {.id = "r", .worker_count = 1};
    OOM_FOR_EACH(n)
    {
        struct registry *r = NULL;
        struct control *c = NULL;
        int code = registry_new(&r);
        cr_assert(expected(code));
        if (!code)
            registry_free(r);
        code = control_new(&c, &config, 0);
        cr_assert(expected(code));
        if (!code)
            control_free(c);
    }
}

static int run(struct router *r, struct relay_command command)
{
    struct relay_reply reply;
    router_command(r, &command, &reply, 1000);
    cr_assert(expected(reply.error), "%d %s", reply.error, reply.message);
    cr_assert(reply.error == 0 || reply.message[0]);
    free(reply.stats);
    return reply.error;
}

static void make_all(struct router *r)
{
    struct relay_command transport = {.type = RELAY_TRANSPORT_CREATE,
                                      .room = "r",
                                      .transport = "t",
                                      .profile_count = 1,
                                      .profiles = {SRTP_PROFILE_AEAD_AES_128_GCM}};
    struct relay_command producer = {
        .type = RELAY_PRODUCER_CREATE, .transport = "t", .producer = "p", .media = sender_video(1)};
    struct relay_command consumer = {.type = RELAY_CONSUMER_CREATE,
                                     .transport = "t",
                                     .producer = "p",
                                     .consumer = "c",
                                     .media = receiver_video()};
    if (run(r, (struct relay_command){.type = RELAY_ROOM_CREATE, .room = "r"}) ||
        run(r, transport) || run(r, producer) || run(r, consumer))
        return;
    (void)run(r, (struct relay_command){.type = RELAY_STATS, .room = "r"});
}

Test(oom, router_and_what_is_in_it)
{
    struct dtls_identity *identity;
    struct router_sizes sizes;
    cr_assert_eq(dtls_identity_new(&identity, INT64_C(1790000000000000)), 0);
    OOM_FOR_EACH(n)
    {
        struct router *r = NULL;
        int code = router_new(&r, &(struct router_config){.identity = identity}, 0);
        cr_assert(expected(code));
        if (code)
            continue;
        make_all(r);
        (void)run(r, (struct relay_command){.type = RELAY_ROOM_CLOSE, .room = "r"});
        router_get_sizes(r, &sizes);
        cr_assert_eq(sizes.rooms + sizes.transports + sizes.producers + sizes.consumers, 0);
        router_free(r);
    }
    dtls_identity_free(identity);
}
