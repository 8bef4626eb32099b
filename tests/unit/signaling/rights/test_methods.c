/* SPDX-License-Identifier: Apache-2.0 */
/* Every method that a terminal can call, by each role, on a case with which it has nothing to do:
 * a refusal that tells nothing, unless tests/data/rights/methods.csv grants it. A method that is
 * not in that list fails the test. */
#include "params.h"
#include "people.h"
#include "signaling/auth/rights.h"
#include "signaling/consult/consult.h"
#include "signaling/media/media.h"
#include "signaling/proto/dispatch.h"
#include "signaling/proto/schema.h"
#include "signaling/rooms.h"
#include "signaling/store/store.h"
#include "signaling/store/vault.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXPECTATION "tests/data/rights/methods.csv"
#define LINE_BYTES  512
#define METHODS_MAX 256

struct line {
    char method[64];
    uint32_t roles;
    bool met;
};

static struct people p;
static struct media *media;
static struct dispatch *dispatch;
static time_us now_us = 1000 * TIME_US_PER_S;
static struct line lines[METHODS_MAX];
static size_t line_count;
static json_t *last; /* reply to the last request */
static unsigned next_key;

/* ---- the expectation ---- */

static void take_line(char *text)
{
    char *rest = NULL;
    struct line *l = &lines[line_count++];
    cr_assert_lt(line_count, METHODS_MAX);
    snprintf(l->method, sizeof(l->method), "%s", strtok_r(text, ",\n", &rest));
    for (char *word; (word = strtok_r(NULL, ", \n", &rest));) {
        uint32_t role = strcmp(word, "all") ? role_parse(word) : (1u << ROLES_COUNT) - 1;
        cr_assert(role, "%s: %s", l->method, word);
        l->roles |= role;
    }
}

static void read_expectation(void)
{
    char text[LINE_BYTES];
    FILE *file = fopen(EXPECTATION, "re");
    cr_assert(file, EXPECTATION);
    while (fgets(text, sizeof(text), file))
        if (text[0] != '#' && text[0] != '\n')
            take_line(text);
    fclose(file);
}

static struct line *line_of(const char *method)
{
    for (size_t i = 0; i < line_count; i++)
        if (strcmp(lines[i].method, method) == 0)
            return &lines[i];
    return NULL;
}

/* ---- an installation with a case of other people ---- */

static void sql(const char *text)
{
    cr_assert_geq(store_run(p.service.store, text, NULL, 0), 0, "%s: %s", text,
                  store_error(p.service.store));
}

static void add_strangers(void)
{
    sql("INSERT INTO institution (id, name, level, kind) VALUES ('elsewhere', 'E', 3, 'hospital')");
    for (int i = 0; i < ROLES_COUNT; i++) {
        char text[400];
        const char *name = role_name((enum role)(1u << i));
        snprintf(
            text, sizeof(text),
            "INSERT INTO account (id, login, name, password_hash, roles, institution, language)"
            " SELECT 'far_%s', '%s', '%s', password_hash, %d, 'elsewhere', 'en' FROM account"
            " WHERE id = '" VILLAGER "'",
            name, name, name, 1 << i);
        sql(text);
    }
}

static void add_case(void)
{
    sql("INSERT INTO consultation (id, kind, urgency, panel, applicant, state, reason, room_open,"
        " room_live, submitted_us, accepted_us, started_us, ended_us, revision, sealed_request,"
        " specialty, institution, inviting, inviting_desk, invited, invited_desk, specialist)"
        " VALUES ('" THE_CASE "', 'live', 'routine', '" PANEL "', '" VILLAGER "', 'in_progress',"
        " '', 1, 1, 1, 1, 1, 0, 1, 'x', 'cardiology', 'village', 'village', 'village', 'county',"
        " 'county', '" EXPERT_1 "')");
    sql("INSERT INTO ring (consultation, position, account, state, panel) VALUES"
        " ('" THE_CASE "', 0, '" EXPERT_1 "', 3, '" PANEL "')");
    sql("INSERT INTO opinion (id, consultation, author, kind, version, supersedes, sealed_draft,"
        " saved_us) VALUES ('" THE_OPINION "', '" THE_CASE "', '" EXPERT_1 "', 'opinion', 1, '',"
        " 'x', 1)");
    sql("INSERT INTO hold (id, object, sealed_reason, placed_us, placed_by) VALUES"
        " ('" THE_HOLD "', '" THE_CASE "', 'x', 1, '')");
    sql("INSERT INTO consultation_draft (id, applicant, saved_us, sealed_request) VALUES"
        " ('" THE_DRAFT "', '" VILLAGER "', 1, 'x')");
    sql("INSERT INTO slot (id, panel, account, start_us, end_us, consultation, offered_by) VALUES"
        " ('" THE_SLOT "', '" PANEL "', '" EXPERT_1 "', 9000000000000000, 9000000100000000, '',"
        " '" EXPERT_1 "')");
    sql("INSERT INTO referral (id, consultation, direction, from_institution, to_institution, "
        "state,"
        " proposed_by, proposed_us, arrive_by_us, arrived_us, closed_us, unanswered, revision,"
        " sealed_plan) VALUES ('" THE_REFERRAL "', '" THE_CASE
        "', 'up', 'village', 'county', 'proposed', '" VILLAGER "', 1, 2, 0, 0, 0, 1, 'x')");
    sql("INSERT INTO material (id, consultation, account, type, preview, header, status, reason,"
        " added_us, sealed_name) VALUES ('" THE_MATERIAL "', '" THE_CASE "', '" VILLAGER
        "', 'photo', 0, '{}', 'ready', '', 1, 'x')");
}

/* Handlers open what they load: the columns hold what the vault made. */
static void seal(const char *table, const char *id, const char *column, const char *text)
{
    uint8_t *sealed = NULL;
    size_t len = 0;
    char update[160];
    struct vault_place place = {table, id, column};
    cr_assert_eq(vault_seal(p.service.vault, &place, text, strlen(text), &sealed, &len), 0);
    snprintf(update, sizeof(update), "UPDATE %s SET %s = $1 WHERE id = $2", table, column);
    cr_assert_eq(STORE_RUN(p.service.store, update, sv_bytes(sealed, len), sv_text(id)), 1);
    free(sealed);
}

static void seal_case(void)
{
    json_t *request = people_request();
    char *text = json_dumps(request, JSON_COMPACT);
    seal("consultation", THE_CASE, "sealed_request", text);
    seal("consultation_draft", THE_DRAFT, "sealed_request", text);
    seal("opinion", THE_OPINION, "sealed_draft", "{}");
    seal("referral", THE_REFERRAL, "sealed_plan", "{}");
    seal("material", THE_MATERIAL, "sealed_name", "\"x.jpg\"");
    seal("material", THE_MATERIAL, "sealed_details", "{}");
    seal("hold", THE_HOLD, "sealed_reason", "x");
    free(text);
    json_decref(request);
}

static void up(void)
{
    people_init(&p);
    add_strangers();
    add_case();
    seal_case();
    read_expectation();
    struct media_config m = {.service = &p.service, .right = consult_room_right};
    cr_assert_eq(media_new(&media, &m, now_us), 0);
    struct dispatch_config c = {.service = &p.service, .media = media, .schemas = p.schemas};
    c.tables = rooms_tables(&c.table_count);
    cr_assert_eq(dispatch_new(&dispatch, &c), 0);
}

static void down(void)
{
    json_decref(last);
    dispatch_free(dispatch);
    media_free(media);
    people_fini(&p);
}

TestSuite(rights_methods, .init = up, .fini = down, .timeout = 100);

/* ---- a connection ---- */

static void drain(void)
{
    struct dispatch_output out;
    while (dispatch_next(dispatch, &out)) {
        if (out.type == DISPATCH_WORK) {
            out.run(out.job);
            dispatch_worked(dispatch, out.ticket, false, now_us, p.utc_us);
        }
        if (out.type != DISPATCH_SEND)
            continue;
        json_t *text = json_loadb(out.text, out.len_bytes, 0, NULL);
        free(out.text);
        if (json_object_get(text, "id")) {
            json_decref(last);
            last = text;
        } else {
            json_decref(text);
        }
    }
}

/* Error name of the reply, "" when it is a result. */
static const char *call(uint64_t connection, const char *method, json_t *params)
{
    char key[32];
    snprintf(key, sizeof(key), "request-%u", next_key++);
    json_t *message = json_pack("{s:s, s:s, s:s, s:o}", "jsonrpc", "2.0", "id", key, "method",
                                method, "params", params);
    char *text = json_dumps(message, JSON_COMPACT);
    json_decref(last);
    last = NULL;
    now_us += TIME_US_PER_S; /* within the rate */
    p.utc_us += TIME_US_PER_S;
    dispatch_receive(dispatch, connection, text, strlen(text), now_us, p.utc_us);
    drain();
    free(text);
    json_decref(message);
    cr_assert(last, "%s: no reply", method);
    const json_t *error = json_object_get(last, "error");
    const char *name = json_string_value(json_object_get(json_object_get(error, "data"), "error"));
    return error ? (name ? name : "malformed") : "";
}

static void sign_in(uint64_t connection, const char *account)
{
    cr_assert_eq(dispatch_open(dispatch, connection, now_us), 0);
    const char *error = call(connection, "auth.login",
                             json_pack("{s:s, s:s, s:b}", "account", account, "password",
                                       PEOPLE_PASSWORD, "takeover", 1));
    cr_assert_str_eq(error, "", "%s: %s", account, error);
}

/* ---- the walk ---- */

static bool is_refusal(const char *error)
{
    return strcmp(error, "SQ_ERR_DENIED") == 0 || strcmp(error, "SQ_ERR_NOT_FOUND") == 0;
}

/* No id of theirs in a result. */
static void tells_nothing(const char *method, const char *who)
{
    static const char *const theirs[] = {THE_CASE,     THE_OPINION, THE_MATERIAL,
                                         THE_REFERRAL, THE_SLOT,    THE_HOLD};
    char *text = json_dumps(json_object_get(last, "result"), JSON_COMPACT | JSON_ENCODE_ANY);
    for (size_t i = 0; text && i < sizeof(theirs) / sizeof(theirs[0]); i++)
        cr_expect_null(strstr(text, theirs[i]), "%s tells %s of %s", method, who, theirs[i]);
    free(text);
}

static void try_method(uint64_t connection, int role, const struct line *l)
{
    const char *who = role_name((enum role)(1u << role));
    const json_t *root = schema_set_method(p.schemas, l->method);
    const char *error = call(connection, l->method, params_of(root, l->method));
    char reason[160] = "";
    const json_t *data = json_object_get(json_object_get(last, "error"), "data");
    const char *en = json_string_value(json_object_get(json_object_get(data, "remedy"), "en"));
    snprintf(reason, sizeof(reason), "%s", en ? en : "");
    cr_expect_str_neq(error, "malformed", "%s: params that the schema refuses: %s", l->method,
                      reason);
    bool granted = (l->roles & 1u << role) != 0;
    cr_expect_eq(is_refusal(error), !granted, "%s by %s: %s %s", l->method, who,
                 *error ? error : "done", reason);
    if (strcmp(l->method, "audit.list") != 0) /* shows the refusals of this very test: own people */
        tells_nothing(l->method, who);
}

Test(rights_methods, a_stranger_is_refused_whatever_it_calls)
{
    size_t table_count = 0, methods = 0;
    const struct method_table *tables = rooms_tables(&table_count);
    for (size_t t = 0; t < table_count; t++)
        for (size_t m = 0; m < tables[t].count; m++) {
            struct line *l = line_of(tables[t].methods[m].name);
            cr_expect(l, "%s is not in " EXPECTATION, tables[t].methods[m].name);
            methods++;
            if (l)
                l->met = true;
        }
    for (size_t i = 0; i < line_count; i++)
        cr_expect(lines[i].met, "there is no method %s", lines[i].method);
    for (int role = 0; role < ROLES_COUNT; role++) {
        uint64_t connection = (uint64_t)role + 1;
        sign_in(connection, role_name((enum role)(1u << role)));
        for (size_t i = 0; i < line_count; i++)
            if (lines[i].met && strcmp(lines[i].method, "auth.logout") != 0)
                try_method(connection, role, &lines[i]);
        cr_expect_str_eq(call(connection, "auth.logout", json_object()), "");
    }
    printf("rights: %zu methods called by %d roles without relation\n", methods, ROLES_COUNT);
}
