/* SPDX-License-Identifier: Apache-2.0 */
/* A copy of the database and its log tells nothing about a patient (TRUST DBS-03). */
#include "people.h"
#include "shanqiao/error.h"
#include "signaling/store/delivery.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct people p;

static void up(void)
{
    people_init(&p);
}

static void down(void)
{
    people_fini(&p);
}

TestSuite(privacy, .init = up, .fini = down);

static const char *const private_words[] = {"Zhuoma",       "510000196501010000", "crushing chest",
                                            "hypertension", "inferior STEMI",     "thrombolysis",
                                            "in theatre",   PEOPLE_PASSWORD,      "secret note"};

static char *read_whole(const char *path, size_t *len)
{
    FILE *f = fopen(path, "rb");
    *len = 0;
    if (!f)
        return NULL;
    fseek(f, 0, SEEK_END);
    long size = ftell(f);
    rewind(f);
    char *bytes = malloc((size_t)size + 1);
    cr_assert_not_null(bytes);
    *len = fread(bytes, 1, (size_t)size, f);
    fclose(f);
    return bytes;
}

static void scan(const char *suffix, const char *must_hold)
{
    char path[DATABASE_MAX + 8];
    size_t len = 0;
    snprintf(path, sizeof(path), "%s%s", p.database, suffix);
    char *bytes = read_whole(path, &len);
    if (!bytes)
        return;
    for (size_t i = 0; i < sizeof(private_words) / sizeof(private_words[0]); i++)
        cr_expect_null(memmem(bytes, len, private_words[i], strlen(private_words[i])),
                       "\"%s\" stands in the database%s", private_words[i], suffix);
    if (must_hold)
        cr_expect_not_null(memmem(bytes, len, must_hold, strlen(must_hold)),
                           "the scan does not see the rows at all");
    free(bytes);
}

Test(privacy, database_and_log_hold_no_clinical_word)
{
    if (database_is_postgres())
        return; /* its files are the server's; the same sealed values stand in them */
    static const char *const on_duty[] = {EXPERT_1, EXPERT_2, NULL};
    static const uint8_t digest[DELIVERY_DIGEST_BYTES] = {1};
    char id[ID_MAX];
    cr_assert_eq(people_submit(&p, on_duty, id), 0);
    cr_assert_eq(people_call(&p, EXPERT_2, "consultation.refuse",
                             json_pack("{s:s, s:s}", "id", id, "reason", "in theatre")),
                 0);
    cr_assert_eq(people_call(&p, EXPERT_1, "consultation.accept", people_id(id)), 0);
    cr_assert_eq(people_call(&p, EXPERT_1, "consultation.enter", people_id(id)), 0);
    cr_assert_eq(people_call(&p, VILLAGER, "consultation.enter", people_id(id)), 0);
    cr_assert_eq(people_call(&p, EXPERT_1, "opinion.save",
                             json_pack("{s:s, s:{s:s}}", "consultationId", id, "opinion",
                                       "findings", "secret note")),
                 0);
    cr_assert_eq(people_call(&p, EXPERT_1, "consultation.end", people_id(id)), 0);
    cr_assert_eq(
        people_call(&p, EXPERT_1, "opinion.sign",
                    json_pack("{s:s, s:{s:s, s:s}}", "consultationId", id, "opinion", "diagnosis",
                              "inferior STEMI", "advice", "thrombolysis now")),
        0);
    char *reply = json_dumps(p.call.result, 0);
    cr_assert_eq(delivery_reply_put(&p.service, "ses_x", "key12345", digest, reply, p.utc_us), 0);
    cr_assert_eq(delivery_outbox_put(&p.service, "ses_x", 1, reply), 0);
    free(reply);
    scan("-wal", id);
    service_close(&p.service); /* a checkpoint moves the log into the file */
    scan("", id);
    scan("-wal", NULL);
    people_restart(&p);
}
