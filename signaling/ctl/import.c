/* SPDX-License-Identifier: Apache-2.0 */
/* Brings institutions, accounts and panels to what a JSON file says, in one transaction. What the
 * file does not name stays as it is. Importing twice changes nothing. An error names the place in
 * the file and what is wanted there. */
#include "shanqiao/error.h"
#include "signaling/auth/auth.h"
#include "signaling/auth/rights.h"
#include "signaling/ctl/ctl.h"
#include "signaling/store/store.h"
#include <jansson.h>
#include <sodium.h>
#include <stdarg.h>
#include <string.h>

#define NAME_MAX_BYTES 480 /* 120 characters of UTF-8: the schemas' bound */
#define PATH_SIZE      160
#define WHY_SIZE       200
#define LEVELS         5

struct import {
    struct ctl *c;
    struct service *s;
    char path[PATH_SIZE]; /* of what is being read: "accounts[2]" */
    char why[WHY_SIZE];   /* of the first error; with path */
    int added, changed, same;
};

static const char *const level_names[LEVELS] = {"village", "township", "county", "city",
                                                "province"};

/* SQ_ERR_INVALID with the place; the first one stands. */
__attribute__((format(printf, 3, 4))) static int bad(struct import *im, const char *member,
                                                     const char *format, ...)
{
    va_list args;
    va_start(args, format);
    if (!im->why[0]) {
        vsnprintf(im->why, sizeof(im->why), format, args);
        size_t len = strlen(im->path);
        if (member[0])
            snprintf(im->path + len, sizeof(im->path) - len, ".%s", member);
    }
    va_end(args);
    return SQ_ERR_INVALID;
}

/* ---- members ---- */

static bool id_good(const char *id)
{
    size_t len = strlen(id);
    return len > 0 && len < ID_MAX &&
           strspn(id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-") == len;
}

static int get_text(struct import *im, const json_t *o, const char *name, size_t max,
                    const char *fallback, const char **out)
{
    const json_t *value = json_object_get(o, name);
    *out = fallback;
    if (!value && fallback)
        return 0;
    *out = json_string_value(value);
    if (!*out)
        return bad(im, name, "wanted: text");
    if (!**out || strlen(*out) > max)
        return bad(im, name, "wanted: 1 to %zu bytes", max);
    return 0;
}

static int get_id(struct import *im, const json_t *o, const char *name, const char **out)
{
    int status = get_text(im, o, name, ID_MAX - 1, NULL, out);
    if (status == 0 && !id_good(*out))
        return bad(im, name, "wanted: letters, digits, \"_\", \".\", \"-\"");
    return status;
}

static int get_level(struct import *im, const json_t *o, int64_t fallback, int64_t *out)
{
    const json_t *value = json_object_get(o, "level");
    *out = fallback;
    if (!value && fallback)
        return 0;
    const char *name = json_string_value(value);
    for (int i = 0; name && i < LEVELS; i++)
        if (strcmp(name, level_names[i]) == 0)
            *out = i + 1;
    if (json_is_integer(value))
        *out = json_integer_value(value);
    if (*out < 1 || *out > LEVELS || (name && *out == 0) || (!name && !json_is_integer(value)))
        return bad(im, "level", "wanted: village, township, county, city or province (or 1 to 5)");
    return 0;
}

static int check_members(struct import *im, const json_t *o, const char *known)
{
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)o, name, value)
    {
        char padded[80];
        snprintf(padded, sizeof(padded), " %.70s ", name);
        if (!strstr(known, padded))
            return bad(im, "", "unknown member \"%.60s\"; known:%s", name, known);
    }
    return json_is_object(o) ? 0 : bad(im, "", "wanted: an object");
}

/* ---- what is told ---- */

static void tell(struct import *im, char sign, const char *what, const char *id)
{
    fprintf(im->c->out, "%c %s %s\n", sign, what, id);
    if (sign == '+')
        im->added++;
    else
        im->changed++;
}

static int done(struct import *im, int rows, bool existed, const char *what, const char *id)
{
    if (rows < 0)
        return rows == SQ_ERR_CONFLICT ? bad(im, "", "clashes with another row (login used twice?)")
                                       : rows;
    if (rows == 0)
        im->same++;
    else
        tell(im, existed ? '~' : '+', what, id);
    return 0;
}

static int exists(struct import *im, const char *sql, const char *id, bool *out)
{
    struct store_query q;
    STORE_QUERY(im->s->store, &q, sql, sv_text(id));
    *out = store_next(&q);
    return store_query_end(&q);
}

static int want_institution(struct import *im, const char *id)
{
    bool found = false;
    int status = exists(im, "SELECT 1 FROM institution WHERE id = $1", id, &found);
    if (status == 0 && !found)
        return bad(im, "institution", "there is no institution \"%s\"", id);
    return status;
}

/* ---- institutions ---- */

static int import_institution(struct import *im, const json_t *o)
{
    const char *id = NULL, *name = NULL, *kind = NULL;
    int64_t level = 0;
    bool existed = false;
    int status = check_members(im, o, " id name level kind ");
    if (status == 0)
        status = get_id(im, o, "id", &id);
    if (status == 0)
        status = get_text(im, o, "name", NAME_MAX_BYTES, NULL, &name);
    if (status == 0)
        status = get_text(im, o, "kind", 40, "hospital", &kind);
    if (status == 0)
        status = get_level(im, o, 0, &level);
    if (status == 0)
        status = exists(im, "SELECT 1 FROM institution WHERE id = $1", id, &existed);
    if (status < 0)
        return status;
    int rows = STORE_RUN(im->s->store,
                         "INSERT INTO institution (id, name, level, kind) VALUES ($1, $2, $3, $4)"
                         " ON CONFLICT (id) DO UPDATE SET name = excluded.name,"
                         " level = excluded.level, kind = excluded.kind"
                         " WHERE institution.name <> excluded.name"
                         " OR institution.level <> excluded.level"
                         " OR institution.kind <> excluded.kind",
                         sv_text(id), sv_text(name), sv_int(level), sv_text(kind));
    return done(im, rows, existed, "institution", id);
}

/* ---- accounts ---- */

struct account {
    const char *id, *login, *name, *institution, *language, *given_hash;
    uint32_t roles;
    int disabled; /* 1, 0; -1: not said, keep */
    bool existed;
    char hash[AUTH_HASH_MAX]; /* to be stored; "": keep */
};

static int get_roles(struct import *im, const json_t *o, uint32_t *out)
{
    const json_t *roles = json_object_get(o, "roles");
    *out = 0;
    if (json_array_size(roles) == 0)
        return bad(im, "roles", "wanted: a list of roles");
    for (size_t i = 0; i < json_array_size(roles); i++) {
        const char *name = json_string_value(json_array_get(roles, i));
        uint32_t role = name ? role_parse(name) : 0;
        char member[32];
        snprintf(member, sizeof(member), "roles[%zu]", i);
        if (!role)
            return bad(im, member,
                       "wanted: village_doctor, specialist, coordinator, operator, quality, admin");
        *out |= role;
    }
    return 0;
}

static int read_account(struct import *im, const json_t *o, struct account *a)
{
    int status = check_members(im, o,
                               " id login name institution roles language password"
                               " passwordHash disabled ");
    if (status == 0)
        status = get_id(im, o, "id", &a->id);
    if (status == 0)
        status = get_text(im, o, "login", AUTH_LOGIN_MAX - 1, a->id, &a->login);
    if (status == 0)
        status = get_text(im, o, "name", NAME_MAX_BYTES, NULL, &a->name);
    if (status == 0)
        status = get_id(im, o, "institution", &a->institution);
    if (status == 0)
        status = get_text(im, o, "language", 7, "zh-CN", &a->language);
    if (status == 0)
        status = get_roles(im, o, &a->roles);
    if (status == 0)
        status = get_text(im, o, "passwordHash", AUTH_HASH_MAX - 1, "", &a->given_hash);
    const json_t *disabled = json_object_get(o, "disabled");
    if (status == 0 && disabled && !json_is_boolean(disabled))
        return bad(im, "disabled", "wanted: true or false");
    a->disabled = disabled ? json_is_true(disabled) : -1;
    return status;
}

static int choose_hash(struct import *im, struct account *a)
{
    int status = exists(im, "SELECT 1 FROM account WHERE id = $1", a->id, &a->existed);
    if (status < 0)
        return status;
    if (!a->given_hash[0])
        return a->existed ? 0 : bad(im, "password", "a new account needs password or passwordHash");
    if (strncmp(a->given_hash, crypto_pwhash_STRPREFIX, strlen(crypto_pwhash_STRPREFIX)) != 0)
        return bad(im, "passwordHash", "wanted: an Argon2id hash, \"$argon2id$...\"");
    snprintf(a->hash, sizeof(a->hash), "%s", a->given_hash);
    return 0;
}

static int write_account(struct import *im, const struct account *a)
{
    struct store *store = im->s->store;
    if (!a->existed)
        return STORE_RUN(store,
                         "INSERT INTO account (id, login, name, password_hash, roles, institution,"
                         " language, disabled) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
                         sv_text(a->id), sv_text(a->login), sv_text(a->name), sv_text(a->hash),
                         sv_int(a->roles), sv_text(a->institution), sv_text(a->language),
                         sv_int(a->disabled > 0));
    return STORE_RUN(store,
                     "UPDATE account SET login = $2, name = $3, roles = $4, institution = $5,"
                     " language = $6, disabled = CASE WHEN $7 < 0 THEN disabled ELSE $7 END,"
                     " password_hash = CASE WHEN $8 = '' THEN password_hash ELSE $8 END"
                     " WHERE id = $1 AND (login <> $2 OR name <> $3 OR roles <> $4"
                     " OR institution <> $5 OR language <> $6 OR (disabled <> $7 AND $7 >= 0)"
                     " OR ($8 <> '' AND password_hash <> $8))",
                     sv_text(a->id), sv_text(a->login), sv_text(a->name), sv_int(a->roles),
                     sv_text(a->institution), sv_text(a->language), sv_int(a->disabled),
                     sv_text(a->hash));
}

static int import_account(struct import *im, const json_t *o)
{
    struct account a = {0};
    int status = read_account(im, o, &a);
    if (status == 0)
        status = want_institution(im, a.institution);
    if (status == 0)
        status = choose_hash(im, &a);
    if (status == 0)
        status = done(im, write_account(im, &a), a.existed, "account", a.id);
    sodium_memzero(a.hash, sizeof(a.hash));
    return status;
}

/* ---- panels ---- */

static int add_members(struct import *im, const char *panel, const json_t *members)
{
    for (size_t i = 0; i < json_array_size(members); i++) {
        const char *account = json_string_value(json_array_get(members, i));
        char member[32], both[2 * ID_MAX + 2];
        bool found = false;
        snprintf(member, sizeof(member), "members[%zu]", i);
        int status =
            account ? exists(im, "SELECT 1 FROM account WHERE id = $1", account, &found) : 0;
        if (status < 0)
            return status;
        if (!found)
            return bad(im, member, "there is no account \"%s\"", account ? account : "");
        int rows = STORE_RUN(im->s->store,
                             "INSERT INTO panel_member (panel, account) VALUES ($1, $2)"
                             " ON CONFLICT (panel, account) DO NOTHING",
                             sv_text(panel), sv_text(account));
        snprintf(both, sizeof(both), "%s %s", panel, account);
        if ((status = done(im, rows, false, "member", both)) < 0)
            return status;
    }
    return 0;
}

static bool names_member(const json_t *members, const char *account)
{
    for (size_t i = 0; i < json_array_size(members); i++) {
        const char *name = json_string_value(json_array_get(members, i));
        if (name && strcmp(name, account) == 0)
            return true;
    }
    return false;
}

/* One member that the file no longer names, "" when there is none. */
static int surplus_member(struct import *im, const char *panel, const json_t *members,
                          char out[ID_MAX])
{
    struct store_query q;
    out[0] = '\0';
    STORE_QUERY(im->s->store, &q,
                "SELECT account FROM panel_member WHERE panel = $1 ORDER BY account",
                sv_text(panel));
    while (!out[0] && store_next(&q))
        if (!names_member(members, store_text(&q, 0)))
            store_copy_text(&q, 0, out, ID_MAX);
    return store_query_end(&q);
}

static int remove_members(struct import *im, const char *panel, const json_t *members)
{
    char account[ID_MAX];
    int status;
    while ((status = surplus_member(im, panel, members, account)) == 0 && account[0]) {
        char both[2 * ID_MAX + 2];
        status =
            STORE_RUN(im->s->store, "DELETE FROM panel_member WHERE panel = $1 AND account = $2",
                      sv_text(panel), sv_text(account));
        if (status < 0)
            return status;
        snprintf(both, sizeof(both), "%s %s", panel, account);
        tell(im, '-', "member", both);
    }
    return status;
}

static int institution_level(struct import *im, const char *institution, int64_t *level)
{
    struct store_query q;
    STORE_QUERY(im->s->store, &q, "SELECT level FROM institution WHERE id = $1",
                sv_text(institution));
    if (store_next(&q))
        *level = store_int(&q, 0);
    return store_query_end(&q);
}

static int import_panel(struct import *im, const json_t *o)
{
    const char *id = NULL, *name = NULL, *specialty = NULL, *institution = NULL;
    const json_t *members = json_object_get(o, "members");
    int64_t level = 0, of_institution = 0;
    bool existed = false;
    int status = check_members(im, o, " id name specialty level institution members ");
    if (status == 0)
        status = get_id(im, o, "id", &id);
    if (status == 0)
        status = get_text(im, o, "name", NAME_MAX_BYTES, NULL, &name);
    if (status == 0)
        status = get_text(im, o, "specialty", 80, NULL, &specialty);
    if (status == 0)
        status = get_id(im, o, "institution", &institution);
    if (status == 0)
        status = want_institution(im, institution);
    if (status == 0)
        status = institution_level(im, institution, &of_institution);
    if (status == 0)
        status = get_level(im, o, of_institution, &level);
    if (status == 0 && !json_is_array(members))
        return bad(im, "members", "wanted: a list of account ids");
    if (status == 0)
        status = exists(im, "SELECT 1 FROM panel WHERE id = $1", id, &existed);
    if (status < 0)
        return status;
    int rows = STORE_RUN(im->s->store,
                         "INSERT INTO panel (id, name, specialty, level, institution)"
                         " VALUES ($1, $2, $3, $4, $5) ON CONFLICT (id) DO UPDATE"
                         " SET name = excluded.name, specialty = excluded.specialty,"
                         " level = excluded.level, institution = excluded.institution"
                         " WHERE panel.name <> excluded.name"
                         " OR panel.specialty <> excluded.specialty"
                         " OR panel.level <> excluded.level"
                         " OR panel.institution <> excluded.institution",
                         sv_text(id), sv_text(name), sv_text(specialty), sv_int(level),
                         sv_text(institution));
    status = done(im, rows, existed, "panel", id);
    if (status == 0)
        status = remove_members(im, id, members);
    return status < 0 ? status : add_members(im, id, members);
}

/* ---- the whole file ---- */

static int import_list(struct import *im, const json_t *root, const char *name,
                       int (*one)(struct import *im, const json_t *o))
{
    const json_t *list = json_object_get(root, name);
    int status = 0;
    snprintf(im->path, sizeof(im->path), "%s", name);
    if (list && !json_is_array(list))
        return bad(im, "", "wanted: a list");
    for (size_t i = 0; i < json_array_size(list) && status == 0; i++) {
        snprintf(im->path, sizeof(im->path), "%s[%zu]", name, i);
        status = one(im, json_array_get(list, i));
    }
    return status;
}

/* A password that the stored hash fits is no change (hashes are salted, so they can't be compared).
 */
static int fits_already(struct import *im, const char *account, const char *password, bool *fits)
{
    struct auth_login known = {.account = "known"};
    struct store_query q;
    STORE_QUERY(im->s->store, &q, "SELECT password_hash FROM account WHERE id = $1",
                sv_text(account));
    bool found = store_next(&q);
    if (found)
        store_copy_text(&q, 0, known.hash, sizeof(known.hash));
    *fits = found && auth_password_verify(&known, password);
    return store_query_end(&q);
}

/* password -> passwordHash, or neither where it is the same as before. Ahead of the transaction:
 * Argon2id is slow, and a running server must not wait for the write lock meanwhile. */
static int hash_password(struct import *im, const json_t *account)
{
    const char *id, *password;
    char hash[AUTH_HASH_MAX];
    bool fits = false;
    if (!json_object_get(account, "password"))
        return 0;
    int status = get_id(im, account, "id", &id);
    if (status == 0)
        status = get_text(im, account, "password", AUTH_PASSWORD_MAX, NULL, &password);
    if (status == 0)
        status = fits_already(im, id, password, &fits);
    if (status == 0 && !fits) {
        status = auth_password_hash(password, hash);
        if (status == SQ_ERR_LIMIT)
            return bad(im, "password", "wanted: %d to %d bytes", AUTH_PASSWORD_MIN,
                       AUTH_PASSWORD_MAX);
        if (status == 0)
            json_object_set_new((json_t *)account, "passwordHash", json_string(hash));
    }
    json_object_del((json_t *)account, "password");
    return status;
}

static int import_all(struct import *im, const json_t *root)
{
    snprintf(im->path, sizeof(im->path), "file");
    int status = check_members(im, root, " institutions accounts panels ");
    if (status == 0)
        status = import_list(im, root, "institutions", import_institution);
    if (status == 0)
        status = import_list(im, root, "accounts", import_account);
    if (status == 0)
        status = import_list(im, root, "panels", import_panel);
    if (status == 0 && im->added + im->changed > 0)
        status = ctl_audit(im->c, im->s, "ctl.import", "");
    return status;
}

static int report(struct import *im, int status)
{
    struct ctl *c = im->c;
    if (im->why[0])
        return ctl_fail(c, "%s: %s: %s. Nothing was changed", "%s：%s：%s。未做任何更改",
                        c->arguments[0], im->path, im->why);
    if (status < 0)
        return ctl_fail(c, "%s: %s. Nothing was changed", "%s：%s。未做任何更改",
                        sq_error_name(status), store_error(im->s->store));
    fprintf(c->out,
            ctl_text(c, "%d added, %d changed, %d as before%s\n", "新增 %d，更改 %d，未变 %d%s\n"),
            im->added, im->changed, im->same,
            c->dry_run ? ctl_text(c, " (dry run: nothing was written)", "（试运行：未写入）") : "");
    return CTL_OK;
}

int ctl_import(struct ctl *c)
{
    struct service s;
    json_error_t error;
    json_t *root = json_load_file(c->arguments[0], JSON_REJECT_DUPLICATES, &error);
    if (!root)
        return ctl_fail(c, "%s, line %d, column %d: %s", "%s 第 %d 行第 %d 列：%s", c->arguments[0],
                        error.line, error.column, error.text);
    int status = ctl_open(c, &s);
    if (status != CTL_OK) {
        json_decref(root);
        return status;
    }
    struct import im = {.c = c, .s = &s};
    int result = import_list(&im, root, "accounts", hash_password);
    if (result == 0)
        result = store_begin(s.store);
    if (result == 0)
        result = import_all(&im, root);
    if (result == 0 && !c->dry_run)
        result = store_commit(s.store);
    store_rollback(s.store);
    status = report(&im, result);
    service_close(&s);
    json_decref(root);
    return status;
}
