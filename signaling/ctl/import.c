/* SPDX-License-Identifier: Apache-2.0 */
/* Brings the directory to what files say, in one transaction: read, compare, show, write. Importing
 * twice changes nothing. Faults name file, line, column and what is wanted there. */
#include "shanqiao/error.h"
#include "signaling/auth/auth.h"
#include "signaling/ctl/ctl.h"
#include "signaling/exchange/plan.h"
#include "signaling/exchange/read.h"
#include "signaling/exchange/shelf.h"
#include "signaling/store/store.h"
#include <errno.h>
#include <sodium.h>
#include <string.h>

/* After so many an engine's idea of the tables' sizes is wrong, and with it its choice of indexes.
 */
#define MANY_CHANGES 1000
#define HOUR_US      (3600 * TIME_US_PER_S)
#define SHOWN_MAX    50 /* changes of a table that an import lists; a dry run lists all */

struct import {
    struct ctl *c;
    struct service *s;
    struct book file, now;
    struct plan plan;
    bool planned;
    size_t without_password; /* new accounts */
};

/* ---- passwords ---- */

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

static int hash_one(struct import *im, const struct row *row)
{
    char hash[AUTH_HASH_MAX];
    const char *password = row->cells[A_PASSWORD], *id = row->cells[A_ID];
    bool fits = false;
    int status = 0;
    if (password && *password && id) {
        status = fits_already(im, id, password, &fits);
        if (status == 0 && !fits)
            status = auth_password_hash(password, hash);
        if (status == 0 && !fits &&
            !(row->cells[A_HASH] = book_text(&im->file, hash, strlen(hash))))
            status = SQ_ERR_NOMEM;
    }
    row->cells[A_PASSWORD] = NULL;
    return status;
}

/* Ahead of the transaction: Argon2id is slow, and a running server must not wait for the write lock
 * meanwhile. */
static int hash_passwords(struct import *im)
{
    const struct sheet *accounts = &im->file.sheets[TABLE_ACCOUNTS];
    int status = 0;
    for (size_t i = 0; i < accounts->count && status == 0; i++)
        status = hash_one(im, &accounts->rows[i]);
    return status;
}

/* Nobody knows this password, and refusing it takes as long as refusing any other. */
static int make_unknown_hash(char out[AUTH_HASH_MAX])
{
    char password[44];
    uint8_t random[32];
    randombytes_buf(random, sizeof(random));
    sodium_bin2base64(password, sizeof(password), random, sizeof(random),
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    int status = auth_password_hash(password, out);
    sodium_memzero(password, sizeof(password));
    return status;
}

static size_t count_without_password(const struct plan *plan)
{
    const struct plan_table *accounts = &plan->tables[TABLE_ACCOUNTS];
    size_t count = 0;
    for (size_t i = 0; i < accounts->count; i++)
        count +=
            accounts->changes[i].op == CHANGE_ADD && !*accounts->changes[i].after->cells[A_HASH];
    return count;
}

/* ---- the import ---- */

static int make_plan(struct import *im)
{
    struct plan_options options = {.remove = im->c->directory.remove};
    /* a day that is over in every time zone, so that what is closed is closed at once */
    int64_t today = (im->c->utc_us - 12 * HOUR_US) / (24 * HOUR_US);
    field_date_text(today - 1, options.yesterday);
    int status = book_load(&im->now, im->s->store);
    if (status == 0) {
        im->planned = true;
        status = plan_make(&im->plan, &im->now, &im->file, &options);
    }
    return status == 0 && im->file.fault_count ? SQ_ERR_INVALID : status;
}

/* Roles and locks are felt by the running server at once. */
static int tell_server(const struct import *im)
{
    const struct plan_table *t = &im->plan.tables[TABLE_ACCOUNTS];
    int status = 0;
    for (size_t i = 0; i < t->count && status == 0; i++)
        if (t->changes[i].before && t->changes[i].after)
            status =
                auth_account_changed(im->s->store, t->changes[i].after->cells[A_ID], im->c->utc_us);
    return status;
}

static int write_plan(struct import *im, const char *no_password)
{
    if (!plan_changes(&im->plan))
        return 0;
    int status = plan_apply(&im->plan, im->s->store, no_password);
    if (status == 0)
        status = tell_server(im);
    return status == 0 ? ctl_audit(im->c, im->s, "ctl.import", "") : status;
}

static int run(struct import *im)
{
    char no_password[AUTH_HASH_MAX] = "";
    int status = im->file.fault_count ? SQ_ERR_INVALID : hash_passwords(im);
    if (status == 0 && im->file.sheets[TABLE_ACCOUNTS].count)
        status = make_unknown_hash(no_password);
    if (status == 0)
        status = store_begin(im->s->store);
    if (status == 0)
        status = make_plan(im);
    if (status == 0)
        im->without_password = count_without_password(&im->plan);
    if (status == 0 && !im->c->dry_run)
        status = write_plan(im, no_password);
    if (status == 0 && !im->c->dry_run)
        status = store_commit(im->s->store);
    store_rollback(im->s->store);
    /* SQLite does better without: with statistics it builds Bloom filters over whole tables */
    if (status == 0 && !im->c->dry_run && store_is_uri(im->c->db) &&
        plan_changes(&im->plan) >= MANY_CHANGES)
        status = store_run(im->s->store, "ANALYZE", NULL, 0) < 0 ? SQ_ERR_STORE : 0;
    return status;
}

/* ---- what is told ---- */

void ctl_faults(const struct ctl *c, const struct book *b)
{
    for (size_t i = 0; i < b->fault_count && i < FAULTS_SHOWN; i++) {
        const struct fault *f = &b->faults[i];
        if (f->file)
            fprintf(c->err, "%s:", f->file);
        if (f->place.line)
            fprintf(c->err, "%u:%u:", f->place.line, f->place.column);
        fprintf(c->err, "%s%s: %s\n", f->file ? " " : "", f->where, c->chinese ? f->zh : f->en);
    }
    if (b->fault_count > FAULTS_SHOWN)
        fprintf(c->err, ctl_text(c, "... and %zu more\n", "……另有 %zu 处\n"),
                b->fault_count - FAULTS_SHOWN);
}

static int report(struct import *im, int status)
{
    struct ctl *c = im->c;
    if (im->file.fault_count) {
        ctl_faults(c, &im->file);
        return ctl_fail(c, "%s: %zu faults. Nothing was changed", "%s：%zu 处错误。未做任何更改",
                        c->arguments[0], im->file.fault_count);
    }
    if (status < 0)
        return ctl_fail(c, "%s: %s. Nothing was changed", "%s：%s。未做任何更改",
                        sq_error_name(status), store_error(im->s->store));
    plan_print(&im->plan, c->out, c->dry_run ? 0 : SHOWN_MAX, c->chinese);
    if (im->without_password)
        fprintf(c->out,
                ctl_text(c,
                         "%zu new accounts have no password yet; `shanqiaoctl account passwd` sets "
                         "one\n",
                         "%zu 个新账号尚无密码，请用 shanqiaoctl account passwd 设置\n"),
                im->without_password);
    if (c->dry_run)
        fputs(ctl_text(c, "dry run: nothing was written\n", "试运行：未写入\n"), c->out);
    return CTL_OK;
}

static int read_failed(struct ctl *c, int status)
{
    if (status == SQ_ERR_IO)
        return ctl_fail(c, "%s: %s", "%s：%s", c->arguments[0], strerror(errno));
    if (status == SQ_ERR_LIMIT)
        return ctl_fail(c, "%s: the file or its path is too long (at most %u MiB)",
                        "%s：文件或路径过长（最多 %u MiB）", c->arguments[0], READ_FILE_MAX >> 20);
    return ctl_fail(c, "out of memory", "内存不足");
}

int ctl_import(struct ctl *c)
{
    struct service s;
    struct import im = {.c = c, .s = &s};
    book_init(&im.file);
    book_init(&im.now);
    int status = book_read(&im.file, c->arguments[0]);
    int result = status < 0 ? read_failed(c, status) : ctl_open(c, &s);
    if (result == CTL_OK) {
        book_sort(&im.file);
        result = report(&im, run(&im));
        service_close(&s);
    }
    if (im.planned)
        plan_fini(&im.plan);
    book_fini(&im.now);
    book_fini(&im.file);
    return result;
}
