/* SPDX-License-Identifier: Apache-2.0 */
/* Each allocation of cluster.h's functions fails once: an error, nothing leaked, and it goes on. */
#include "cluster/cluster.h"
#include "shanqiao/error.h"
#include "tests/support/oom.h"
#include <criterion/criterion.h>

static const struct cluster_config config = {
    .node = "front-1",
    .program = CLUSTER_PROGRAM,
    .peers = {{.node = "county-1", .commands = "tcp://127.0.0.1:1"}}, /* nobody there */
    .peer_count = 1,
    .keys = {{.id = 1, .secret = "0123456789abcdef0123456789abcde"}},
    .key_count = 1,
};

Test(oom, cluster_new)
{
    OOM_FOR_EACH(n)
    {
        struct cluster *c;
        int rc = cluster_new(&c, &config, 0);
        cr_assert(rc == 0 || rc == SQ_ERR_NOMEM || rc == SQ_ERR_IO);
        cr_assert_eq(rc == 0, c != NULL);
        cr_assert_eq(rc == 0, !oom_happened());
        cluster_free(c);
    }
}

Test(oom, cluster_request)
{
    struct cluster *c;
    cr_assert_eq(cluster_new(&c, &config, 0), 0);
    OOM_FOR_EACH(n)
    {
        int64_t ticket = cluster_request(c, "county-1", "{}", 2, 1000, 0);
        cr_assert(ticket == SQ_ERR_NOMEM ? oom_happened() : ticket >= 1);
    }
    oom_fail_at(0);
    cluster_free(c);
}
