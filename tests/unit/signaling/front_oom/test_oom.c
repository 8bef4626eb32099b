/* SPDX-License-Identifier: Apache-2.0 */
/* Allocation failure in the constructors of the front: an error and nothing left behind. */
#include "people.h"
#include "shanqiao/error.h"
#include "signaling/media/media.h"
#include "signaling/proto/dispatch.h"
#include "signaling/proto/schema.h"
#include "signaling/relays/relays.h"
#include "signaling/ws/pool.h"
#include "tests/support/oom.h"
#include <criterion/criterion.h>

static void quiet(void *user)
{
    (void)user;
}

Test(front_oom, schema_set)
{
    OOM_FOR_EACH(n)
    {
        struct schema_set *set = NULL;
        struct schema_reason reason;
        int error = schema_set_new(&set, &reason);
        cr_assert((error == 0) == (set != NULL));
        schema_set_free(set);
    }
}

Test(front_oom, dispatch)
{
    static struct people people;
    struct schema_set *schemas;
    struct schema_reason reason;
    people_init(&people);
    cr_assert_eq(schema_set_new(&schemas, &reason), 0);
    struct dispatch_config config = {.service = &people.service, .schemas = schemas};
    OOM_FOR_EACH(n)
    {
        struct dispatch *d = NULL;
        int error = dispatch_new(&d, &config);
        cr_assert(error == 0 || error == SQ_ERR_NOMEM);
        dispatch_free(d);
    }
    schema_set_free(schemas);
    people_fini(&people);
}

Test(front_oom, dispatch_open)
{
    static struct people people;
    struct schema_set *schemas;
    struct schema_reason reason;
    struct dispatch *d;
    people_init(&people);
    cr_assert_eq(schema_set_new(&schemas, &reason), 0);
    struct dispatch_config config = {.service = &people.service, .schemas = schemas};
    cr_assert_eq(dispatch_new(&d, &config), 0);
    OOM_FOR_EACH(n)
    {
        int error = dispatch_open(d, n, 1);
        cr_assert(error == 0 || error == SQ_ERR_NOMEM);
    }
    dispatch_free(d);
    schema_set_free(schemas);
    people_fini(&people);
}

Test(front_oom, media)
{
    static struct people people;
    people_init(&people);
    struct media_config config = {.service = &people.service};
    OOM_FOR_EACH(n)
    {
        struct media *m = NULL;
        int error = media_new(&m, &config, 1);
        cr_assert(error == 0 ? m != NULL : m == NULL);
        media_free(m);
    }
    people_fini(&people);
}

Test(front_oom, pool)
{
    OOM_FOR_EACH(n)
    {
        struct pool *p = NULL;
        int error = pool_new(&p, (struct pool_size){2, 32}, quiet, NULL);
        cr_assert(error == 0 || error == SQ_ERR_NOMEM);
        pool_free(p);
    }
}
