/* SPDX-License-Identifier: Apache-2.0 */
/* The audit log from outside: is each chain whole, what heads to note on another machine, and a
 * copy as lines of JSON. */
#include "signaling/audit/audit.h"
#include "shanqiao/error.h"
#include "signaling/audit/fhir.h"
#include "signaling/ctl/ctl.h"
#include "signaling/store/store.h"
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define INSTALLATION   "-" /* how the installation's chain is named where a name is needed */
#define LINE_MAX_BYTES 256 /* of a file of heads */

static int store_failed(const struct ctl *c, const struct service *s, int status)
{
    return ctl_fail(c, "%s: %s", "%s：%s", sq_error_name(status), store_error(s->store));
}

static const char *name_of(const char *chain)
{
    return chain[0] ? chain : INSTALLATION;
}

static const char *chain_named(const char *name)
{
    return strcmp(name, INSTALLATION) == 0 ? "" : name;
}

/* ---- heads noted before ---- */

struct heads {
    struct audit_head *items;
    size_t count;
};

static const struct audit_head *find_head(const struct heads *heads, const char *chain)
{
    for (size_t i = 0; i < heads->count; i++)
        if (strcmp(heads->items[i].chain, chain) == 0)
            return &heads->items[i];
    return NULL;
}

/* "CHAIN NUMBER:HASH", as `audit head` prints it; a bare NUMBER:HASH is of `chain`. */
static bool add_head(struct heads *heads, char *line, const char *chain)
{
    struct audit_head head;
    char *rest = line + strcspn(line, " \t\r\n");
    const char *text = line;
    if (*rest == ' ' || *rest == '\t') {
        *rest++ = '\0';
        chain = chain_named(line);
        text = rest + strspn(rest, " \t");
        rest = (char *)text + strcspn(text, " \t\r\n");
    }
    *rest = '\0';
    if (strlen(chain) >= ID_MAX || !audit_head_parse(text, &head))
        return false;
    snprintf(head.chain, sizeof(head.chain), "%s", chain);
    struct audit_head *grown = reallocarray(heads->items, heads->count + 1, sizeof(*heads->items));
    if (!grown)
        return false;
    heads->items = grown;
    heads->items[heads->count++] = head;
    return true;
}

static bool read_heads(struct heads *heads, FILE *file)
{
    char line[LINE_MAX_BYTES];
    bool good = true;
    while (good && fgets(line, sizeof(line), file))
        good = line[0] == '#' || line[strspn(line, " \t\r\n")] == '\0' || add_head(heads, line, "");
    return good && heads->count > 0;
}

/* --expect FILE, or the head itself. */
static int expected_heads(const struct ctl *c, struct heads *heads)
{
    char line[LINE_MAX_BYTES];
    if (!c->expect)
        return CTL_OK;
    FILE *file = fopen(c->expect, "re");
    snprintf(line, sizeof(line), "%s", c->expect);
    bool good = file ? read_heads(heads, file)
                     : add_head(heads, line, c->institution ? chain_named(c->institution) : "");
    if (file)
        fclose(file);
    if (good)
        return CTL_OK;
    ctl_fail(c, "--expect wants NUMBER:HASH, or a file of lines as `audit head` prints them",
             "--expect 需要 编号:哈希，或 audit head 输出的文件");
    return CTL_USAGE;
}

/* ---- verify ---- */

struct verifying {
    const struct ctl *c;
    struct service *s;
    const struct heads *expected;
    int64_t rows;
    size_t chains;
    bool bad;
};

static int verify_one(const char *chain, void *user)
{
    struct verifying *v = user;
    struct audit_verdict verdict;
    int status = audit_verify_chain(v->s->store, chain, find_head(v->expected, chain), &verdict);
    if (status < 0)
        return status;
    v->rows += verdict.rows;
    v->chains++;
    if (verdict.first_bad) {
        v->bad = true;
        fprintf(v->c->out,
                ctl_text(v->c, "BAD: %s row %lld (%s), %lld rows before it are good\n",
                         "异常：%s 第 %lld 行（%s），此前 %lld 行正常\n"),
                name_of(chain), (long long)verdict.first_bad, verdict.reason,
                (long long)verdict.rows);
    }
    return 0;
}

/* Noted chains of which nothing is left at all: the walk over the log doesn't meet them. */
static int verify_vanished(struct verifying *v)
{
    int status = 0;
    for (size_t i = 0; i < v->expected->count && status == 0; i++) {
        struct audit_head head;
        status = audit_get_head(v->s->store, v->expected->items[i].chain, &head);
        if (status == 0 && head.number == 0)
            status = verify_one(v->expected->items[i].chain, v);
    }
    return status;
}

struct sought {
    const char *chain;
    bool found;
};

static int seek(const char *chain, void *user)
{
    struct sought *sought = user;
    sought->found = sought->found || strcmp(chain, sought->chain) == 0;
    return 0;
}

/* One chain. Of whom nobody ever did anything there is none, and that is no fault of the log,
 * unless its head was noted. */
static int verify_named(struct verifying *v)
{
    struct sought sought = {.chain = chain_named(v->c->institution)};
    int status = audit_each_chain(v->s->store, seek, &sought);
    if (status == 0 && !sought.found && !find_head(v->expected, sought.chain))
        return SQ_ERR_NOT_FOUND;
    return status < 0 ? status : verify_one(sought.chain, v);
}

int ctl_audit_verify(struct ctl *c)
{
    struct service s;
    struct heads heads = {0};
    struct verifying v = {.c = c, .s = &s, .expected = &heads};
    int status = expected_heads(c, &heads);
    if (status == CTL_OK)
        status = ctl_open(c, &s);
    if (status != CTL_OK) {
        free(heads.items);
        return status;
    }
    int error = 0;
    if (c->institution)
        error = verify_named(&v);
    else if ((error = audit_each_chain(s.store, verify_one, &v)) == 0)
        error = verify_vanished(&v);
    if (error == SQ_ERR_NOT_FOUND)
        status = ctl_fail(c, "there is no chain %s; `audit head` lists those that there are",
                          "没有审计链 %s；可用 audit head 列出现有审计链", c->institution);
    else if (error < 0)
        status = store_failed(c, &s, error);
    else if (v.bad)
        status = CTL_BAD;
    else
        fprintf(c->out, ctl_text(c, "ok: %lld rows in %zu chains\n", "正常：%lld 行，%zu 条链\n"),
                (long long)v.rows, v.chains);
    free(heads.items);
    service_close(&s);
    return status;
}

/* ---- head ---- */

static int print_head(const char *chain, void *user)
{
    struct verifying *v = user;
    struct audit_head head;
    char text[AUDIT_HEAD_SIZE];
    int status = audit_get_head(v->s->store, chain, &head);
    if (status == 0 && head.number > 0)
        fprintf(v->c->out, "%s %s\n", name_of(chain), audit_head_text(&head, text));
    return status;
}

int ctl_audit_head(struct ctl *c)
{
    struct service s;
    struct verifying v = {.c = c, .s = &s};
    int status = ctl_open(c, &s);
    if (status != CTL_OK)
        return status;
    int error = c->institution ? print_head(chain_named(c->institution), &v)
                               : audit_each_chain(s.store, print_head, &v);
    if (error < 0)
        status = store_failed(c, &s, error);
    service_close(&s);
    return status;
}

/* ---- export ---- */

/* "2026-01-31" or "2026-01-31T08:15:00Z", UTC; NULL takes the default. */
static bool read_time(const char *text, time_us fallback, time_us *out)
{
    struct tm tm = {0};
    *out = fallback;
    if (!text)
        return true;
    const char *rest = strptime(text, "%Y-%m-%d", &tm);
    if (rest && *rest == 'T')
        rest = strptime(rest, "T%H:%M:%SZ", &tm);
    if (!rest || *rest)
        return false;
    int day = tm.tm_mday;
    *out = (time_us)timegm(&tm) * TIME_US_PER_S;
    return tm.tm_mday == day; /* timegm makes another day of 30 February */
}

static json_t *plain_row(const struct audit_row *row, const uint8_t *previous, const uint8_t *hash)
{
    char before[AUDIT_HEX_SIZE], own[AUDIT_HEX_SIZE];
    sodium_bin2hex(before, sizeof(before), previous, AUDIT_HASH_BYTES);
    sodium_bin2hex(own, sizeof(own), hash, AUDIT_HASH_BYTES);
    return json_pack("{s:s, s:I, s:I, s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "chain", row->chain,
                     "number", (json_int_t)row->number, "atUs", (json_int_t)row->utc_us, "account",
                     row->account, "session", row->session, "act", row->act, "object", row->object,
                     "detail", row->detail, "previous", before, "hash", own);
}

static int print_row(const struct ctl *c, const struct store_query *q)
{
    size_t previous_len = 0, hash_len = 0;
    const uint8_t *previous = store_bytes(q, 8, &previous_len),
                  *hash = store_bytes(q, 9, &hash_len);
    struct audit_row row = {.chain = store_text(q, 0),
                            .number = store_int(q, 1),
                            .utc_us = store_int(q, 2),
                            .account = store_text(q, 3),
                            .session = store_text(q, 4),
                            .act = store_text(q, 5),
                            .object = store_text(q, 6),
                            .detail = store_text(q, 7)};
    if (!previous || previous_len != AUDIT_HASH_BYTES || !hash || hash_len != AUDIT_HASH_BYTES)
        return SQ_ERR_FORGED;
    json_t *line = c->fhir ? audit_event_fhir(&row, hash) : plain_row(&row, previous, hash);
    if (!line)
        return SQ_ERR_NOMEM;
    int status =
        json_dumpf(line, c->out, JSON_COMPACT) == 0 && fputc('\n', c->out) != EOF ? 0 : SQ_ERR_IO;
    json_decref(line);
    return status;
}

/* One line a row, as it is read: the log may be longer than memory. */
static int export_rows(const struct ctl *c, struct service *s, time_us from_us, time_us until_us)
{
    struct store_query q;
    const char *chain = c->institution ? chain_named(c->institution) : "";
    int status = 0;
    STORE_QUERY(s->store, &q,
                "SELECT chain, number, at_us, account, session, act, object, detail, previous, hash"
                " FROM audit WHERE at_us >= $1 AND at_us < $2 AND (chain = $3 OR $4 = 1)"
                " ORDER BY chain, number",
                sv_int(from_us), sv_int(until_us), sv_text(chain), sv_int(c->institution == NULL));
    while (status == 0 && store_next(&q))
        status = print_row(c, &q);
    int ended = store_query_end(&q);
    return status < 0 ? status : ended;
}

/* The export is an act of its own, in the chain that was copied. */
static int note_export(const struct ctl *c, struct service *s)
{
    struct audit_act row = {.utc_us = c->utc_us,
                            .act = "audit.export",
                            .detail = c->fhir ? "fhir" : "rows",
                            .chain = c->institution ? chain_named(c->institution) : ""};
    int status = store_begin(s->store);
    if (status == 0)
        status = audit_append(s->store, &row);
    if (status == 0)
        status = store_commit(s->store);
    store_rollback(s->store);
    return status;
}

int ctl_audit_export(struct ctl *c)
{
    struct service s;
    time_us from_us = 0, until_us = 0;
    if (!read_time(c->from, 0, &from_us) || !read_time(c->until, INT64_MAX, &until_us)) {
        ctl_fail(c, "--from and --until want 2026-01-31 or 2026-01-31T08:15:00Z",
                 "--from 和 --until 的格式为 2026-01-31 或 2026-01-31T08:15:00Z");
        return CTL_USAGE;
    }
    int status = ctl_open(c, &s);
    if (status != CTL_OK)
        return status;
    int error = note_export(c, &s);
    if (error == 0)
        error = export_rows(c, &s, from_us, until_us);
    if (error < 0)
        status = store_failed(c, &s, error);
    service_close(&s);
    return status;
}
