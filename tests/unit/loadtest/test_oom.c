/* SPDX-License-Identifier: Apache-2.0 */
/* Each allocation of the emulator fails once: an error, nothing leaked. */
#include "loadtest/link/link.h"
#include "loadtest/profile/profile.h"
#include "shanqiao/error.h"
#include "tests/support/oom.h"
#include <criterion/criterion.h>

static char error[LINK_ERROR_MAX];

Test(oom, profiles_and_links)
{
    OOM_FOR_EACH(n)
    {
        struct link_profiles *set;
        struct link *l = NULL;
        int rc = link_profiles_read(&set, "tests/data/links/profiles.json", NULL, error);
        if (rc == 0) {
            const struct link_options o = {.profile = link_profiles_find(set, "m2-3g-forest-road")};
            rc = link_new(&l, &o);
        }
        if (rc == 0)
            rc = link_send(l, 0, "packet", 6);
        cr_assert_eq(rc, oom_happened() ? SQ_ERR_NOMEM : 0);
        link_free(l);
        link_profiles_free(set);
    }
}
