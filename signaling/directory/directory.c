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

#define PERSON                                                                                     \
    "SELECT a.id, a.name, i.id, i.name, i.level FROM account a"                                    \
    " JOIN institution i ON i.id = a.institution WHERE a.id"

static json_t *person_of_row(const struct store_query *q)
{
    return json_pack("{s:s, s:s, s:{s:s, s:s, s:I}}", "id", store_text(q, 0), "name",
                     store_text(q, 1), "institution", "id", store_text(q, 2), "name",
                     store_text(q, 3), "level", (json_int_t)store_int(q, 4));
}

int directory_person(struct service *s, const char *account, json_t **out)
{
    struct store_query q;
    bool found = false;
    *out = NULL;
    STORE_QUERY(s->store, &q, PERSON " = $1", sv_text(account));
    if ((found = store_next(&q)))
        *out = person_of_row(&q);
    int status = store_query_end(&q);
    if (status == 0 && !*out)
        status = found ? SQ_ERR_NOMEM : SQ_ERR_NOT_FOUND;
    return status;
}

void directory_ask_people(struct service *s, const char *const accounts[DIRECTORY_PEOPLE],
                          struct store_query *q)
{
    STORE_QUERY(s->store, q, PERSON " IN ($1, $2, $3, $4)", sv_text(accounts[0]),
                sv_text(accounts[1]), sv_text(accounts[2]), sv_text(accounts[3]));
}

int directory_take_people(struct store_query *q, json_t *into)
{
    int status = 0;
    while (status == 0 && store_next(q))
        if (json_object_set_new(into, store_text(q, 0), person_of_row(q)) != 0)
            status = SQ_ERR_NOMEM;
    int ended = store_query_end(q);
    return status < 0 ? status : ended;
}

int directory_people(struct service *s, const char *const accounts[DIRECTORY_PEOPLE], json_t *into)
{
    struct store_query q;
    directory_ask_people(s, accounts, &q);
    return directory_take_people(&q, into);
}
