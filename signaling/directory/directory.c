/* SPDX-License-Identifier: Apache-2.0 */
/* Institutions and people as others see them. */
#include "signaling/directory/directory.h"
#include "shanqiao/error.h"
#include "signaling/service.h"
#include "signaling/store/store.h"

int directory_institution(struct service *s, const char *institution, json_t **out)
{
    struct store_query q;
    bool found = false;
    *out = NULL;
    STORE_QUERY(s->store, &q, "SELECT id, name, level FROM institution WHERE id = $1",
                sv_text(institution));
    if ((found = store_next(&q)))
        *out = json_pack("{s:s, s:s, s:I}", "id", store_text(&q, 0), "name", store_text(&q, 1),
                         "level", (json_int_t)store_int(&q, 2));
    int status = store_query_end(&q);
    if (status == 0 && !*out)
        status = found ? SQ_ERR_NOMEM : SQ_ERR_NOT_FOUND;
    return status;
}

int directory_person(struct service *s, const char *account, json_t **out)
{
    struct store_query q;
    bool found = false;
    *out = NULL;
    STORE_QUERY(s->store, &q,
                "SELECT a.id, a.name, i.id, i.name, i.level FROM account a"
                " JOIN institution i ON i.id = a.institution WHERE a.id = $1",
                sv_text(account));
    if ((found = store_next(&q)))
        *out = json_pack("{s:s, s:s, s:{s:s, s:s, s:I}}", "id", store_text(&q, 0), "name",
                         store_text(&q, 1), "institution", "id", store_text(&q, 2), "name",
                         store_text(&q, 3), "level", (json_int_t)store_int(&q, 4));
    int status = store_query_end(&q);
    if (status == 0 && !*out)
        status = found ? SQ_ERR_NOMEM : SQ_ERR_NOT_FOUND;
    return status;
}
