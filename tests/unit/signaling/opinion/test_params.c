/* SPDX-License-Identifier: Apache-2.0 */
/* What the dispatcher lets through to opinion.* and consent.*: the schemas' params. */
#include "signaling/proto/schema.h"
#include <criterion/criterion.h>
#include <jansson.h>

#define SHA "\"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\""
#define CON "\"consultationId\":\"con_1\""
#define GIVE                                                                                       \
    CON ",\"purposes\":[\"recording\"],\"textVersion\":\"2026-1\",\"language\":\"zh-CN\","         \
        "\"textSha256\":" SHA ",\"feesTold\":true,\"contentTold\":true,\"how\":\"voice\","         \
        "\"signer\":{\"name\":\"A\",\"relation\":\"self\"}"

static const struct {
    const char *method, *params;
    bool good;
} cases[] = {
    {"opinion.save", "{" CON ",\"opinion\":{\"advice\":\"rest\"}}", true},
    {"opinion.save", "{" CON ",\"opinion\":{\"advice\":\"rest\"},\"supersedes\":\"opn_1\"}", true},
    {"opinion.save", "{" CON "}", false},
    {"opinion.sign", "{" CON "}", true},
    {"opinion.sign", "{" CON ",\"opinion\":{\"followUpDays\":3650,\"reducedQuality\":false}}",
     true},
    {"opinion.sign", "{" CON ",\"opinion\":{\"followUpDays\":-1}}", false},
    {"opinion.sign", "{" CON ",\"opinion\":{\"followUpDays\":3651}}", false},
    {"opinion.sign", "{" CON ",\"opinion\":{\"followUpDays\":1.5}}", false},
    {"opinion.sign", "{" CON ",\"opinion\":{\"reducedQuality\":1}}", false},
    {"opinion.sign",
     "{" CON ",\"opinion\":{\"diagnosisCodes\":[{\"system\":\"ICD-10\",\"code\":\"I21.1\"}]}}",
     true},
    {"opinion.sign",
     "{" CON ",\"opinion\":{\"diagnosisCodes\":[{\"system\":\"ICD-10\",\"code\":\"I21 1\"}]}}",
     false},
    {"opinion.sign", "{" CON ",\"opinion\":{\"diagnosisCodes\":[{\"code\":\"I21.1\"}]}}", false},
    {"opinion.sign", "{" CON ",\"opinion\":{\"order\":\"do it\"}}", false},
    {"opinion.supersede",
     "{" CON ",\"opinionId\":\"opn_1\",\"reason\":\"misread\",\"opinion\":{\"advice\":\"x\"}}",
     true},
    {"opinion.supersede", "{" CON ",\"opinionId\":\"opn_1\",\"opinion\":{\"advice\":\"x\"}}",
     false},
    {"opinion.supersede", "{" CON ",\"opinionId\":\"opn_1\",\"reason\":\"\"}", false},
    {"opinion.conclude",
     "{" CON ",\"opinion\":{\"advice\":\"x\"},\"dissent\":[{\"author\":\"acc_1\",\"text\":\"no\"}],"
     "\"excused\":[{\"author\":\"acc_2\",\"reason\":\"called away\"}]}",
     true},
    {"opinion.conclude", "{" CON ",\"opinion\":{},\"dissent\":[{\"author\":\"acc_1\"}]}", false},
    {"opinion.get", "{" CON ",\"opinionId\":\"opn_1\"}", true},
    {"opinion.list", "{" CON "}", true},
    {"opinion.list", "{}", false},
    {"opinion.verify", "{" CON "}", true},
    {"consent.texts", "{}", true},
    {"consent.texts", "{\"language\":\"bo\"}", false},
    {"consent.give", "{" GIVE "}", true},
    {"consent.give",
     "{" GIVE ",\"witness\":\"B\",\"materialId\":\"mat_1\",\"fees\":\"50 CNY\",\"givenAt\":"
     "\"2026-01-31T08:15:00.000Z\",\"lateReason\":\"unconscious\"}",
     true},
    {"consent.give", "{" GIVE ",\"purpose\":\"share\"}", false},
    {"consent.give", "{" GIVE ",\"givenAt\":\"yesterday\"}", false},
    {"consent.attach", "{" CON ",\"purposes\":[\"care\"],\"materialId\":\"mat_1\"}", true},
    {"consent.attach", "{" CON ",\"purposes\":[\"care\"]}", false},
    {"consent.attach", "{" CON ",\"purposes\":[],\"materialId\":\"mat_1\"}", false},
    {"consent.withdraw",
     "{" CON ",\"purposes\":[\"share\",\"care\"],\"by\":{\"name\":\"A\",\"relation\":\"spouse\"},"
     "\"reason\":\"no\"}",
     true},
    {"consent.withdraw",
     "{" CON ",\"purposes\":[],\"by\":{\"name\":\"A\",\"relation\":\"self\"},\"reason\":\"no\"}",
     false},
    {"consent.withdraw",
     "{" CON ",\"purposes\":[\"research\"],\"by\":{\"name\":\"A\",\"relation\":\"self\"},"
     "\"reason\":\"no\"}",
     false},
    {"consent.withdraw", "{" CON ",\"purposes\":[\"share\"],\"reason\":\"no\"}", false},
    {"consent.get", "{" CON "}", true},
};

Test(params, are_checked_before_a_handler_sees_them)
{
    struct schema_set *set = NULL;
    struct schema_reason reason;
    cr_assert_eq(schema_set_new(&set, &reason), 0, "%s %s", reason.path, reason.text);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const json_t *document = schema_set_method(set, cases[i].method);
        json_t *params = json_loads(cases[i].params, 0, NULL);
        cr_assert_not_null(document, "%s", cases[i].method);
        cr_assert_not_null(params, "%s", cases[i].params);
        int status = schema_check(document, json_object_get(document, "params"), params, &reason);
        cr_expect_eq(status == 0, cases[i].good, "%s %s: %s %s", cases[i].method, cases[i].params,
                     reason.path, reason.text);
        json_decref(params);
    }
    schema_set_free(set);
}
