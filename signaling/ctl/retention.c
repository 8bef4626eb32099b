/* SPDX-License-Identifier: Apache-2.0 */
/* retention ...: what is kept until when, holds, deletion of what is due, proofs of it. */
#include "signaling/retention/retention.h"
#include "shanqiao/error.h"
#include "signaling/ctl/ctl.h"
#include "signaling/store/store.h"
#include <inttypes.h>
#include <string.h>

#define BY         "shanqiaoctl" /* in proofs and holds: whoever may run this tool */
#define TRIM_ROWS  1000          /* of a chain, or sessions, in one transaction */
#define DATE_BYTES 10            /* of "2026-01-31" */

static int failed(const struct ctl *c, const struct service *s, int status)
{
    const char *object = c->argument_count ? c->arguments[0] : "";
    if (status == SQ_ERR_NOT_FOUND)
        return ctl_fail(c, "there is no %s", "没有 %s", object);
    if (status == SQ_ERR_STATE)
        return ctl_fail(c, "%s: not now (not due, held, or released already)",
                        "%s：当前不可执行（未到期、已保全或已解除）", object);
    return ctl_fail(c, "%s: %s", "%s：%s", sq_error_name(status), store_error(s->store));
}

/* One change with its audit row. */
static int change(struct ctl *c, struct service *s, const char *act, const char *object,
                  int (*fn)(struct ctl *c, struct service *s))
{
    int error = store_begin(s->store);
    if (error == 0)
        error = fn(c, s);
    if (error >= 0 && act)
        error = ctl_audit(c, s, act, object);
    if (error >= 0)
        error = store_commit(s->store);
    store_rollback(s->store);
    return error;
}

static int run_change(struct ctl *c, const char *act, int (*fn)(struct ctl *c, struct service *s))
{
    struct service s;
    int status = ctl_open(c, &s);
    if (status != CTL_OK)
        return status;
    int error = change(c, &s, act, c->arguments[0], fn);
    if (error < 0)
        status = failed(c, &s, error);
    service_close(&s);
    return status;
}

/* ---- list, due ---- */

static int print_item(const struct retention_item *item, void *user)
{
    const struct ctl *c = user;
    char from[SERVICE_TIME_MAX], due[SERVICE_TIME_MAX];
    service_time_text(item->from_utc_us, from);
    service_time_text(item->due_utc_us, due);
    fprintf(c->out, "%s\t%s\t%s\t%.*s\t%.*s%s\n", item->object, retention_rule(item->class)->name,
            item->institution, DATE_BYTES, from, DATE_BYTES, due,
            item->held ? ctl_text(c, "\theld", "\t已保全") : "");
    return 0;
}

static int classify(struct ctl *c, struct service *s)
{
    int taken = 0;
    (void)c;
    do
        taken = retention_classify(s);
    while (taken > 0);
    return taken;
}

static int list_until(struct ctl *c, time_us until_utc_us)
{
    struct service s;
    int status = ctl_open(c, &s);
    if (status != CTL_OK)
        return status;
    int error = change(c, &s, NULL, "", classify);
    if (error >= 0)
        error = retention_each(&s, until_utc_us, print_item, c);
    if (error < 0)
        status = failed(c, &s, error);
    service_close(&s);
    return status;
}

int ctl_retention_list(struct ctl *c)
{
    return list_until(c, INT64_MAX);
}

int ctl_retention_due(struct ctl *c)
{
    return list_until(c, c->utc_us + 1);
}

/* ---- run ---- */

struct running {
    struct ctl *c;
    struct service *s;
    long deleted, held;
};

/* A transaction for each object: what was done stands when a later one fails. */
static int delete_one(const struct retention_item *item, void *user)
{
    struct running *r = user;
    if (item->held) {
        r->held++;
        return 0;
    }
    if (r->c->dry_run) {
        r->deleted++;
        return print_item(item, r->c);
    }
    int error = store_begin(r->s->store);
    if (error == 0)
        error = retention_delete(r->s, item->object, BY, r->c->utc_us);
    if (error == 0 || error == SQ_ERR_STATE) { /* that one goes on again: its term ended with it */
        r->deleted += error == 0;
        error = store_commit(r->s->store);
    }
    store_rollback(r->s->store);
    return error;
}

static int trim(struct running *r)
{
    int rows = 1;
    while (rows > 0 && !r->c->dry_run) {
        int error = store_begin(r->s->store);
        rows = error < 0 ? error : retention_trim(r->s, r->c->utc_us, TRIM_ROWS);
        if (rows >= 0 && (error = store_commit(r->s->store)) < 0)
            rows = error;
        store_rollback(r->s->store);
        r->deleted += rows > 0 ? rows : 0;
    }
    return rows < 0 ? rows : 0;
}

int ctl_retention_run(struct ctl *c)
{
    struct service s;
    struct running r = {.c = c, .s = &s};
    int status = ctl_open(c, &s);
    if (status != CTL_OK)
        return status;
    int error = change(c, &s, NULL, "", classify);
    if (error >= 0)
        error = retention_each(&s, c->utc_us + 1, delete_one, &r);
    if (error >= 0)
        error = trim(&r);
    if (error >= 0 && !c->dry_run)
        error = store_scrub(s.store);
    if (error < 0)
        status = failed(c, &s, error);
    fprintf(c->out,
            c->dry_run ? ctl_text(c, "would delete %ld, held %ld\n", "将删除 %ld，保全 %ld\n")
                       : ctl_text(c, "deleted %ld, held %ld\n", "已删除 %ld，保全 %ld\n"),
            r.deleted, r.held);
    service_close(&s);
    return status;
}

/* ---- proof ---- */

int ctl_retention_proof(struct ctl *c)
{
    struct service s;
    struct retention_proof proof;
    int status = ctl_open(c, &s);
    if (status != CTL_OK)
        return status;
    int error = retention_proof(&s, c->arguments[0], &proof);
    if (error < 0) {
        status = failed(c, &s, error);
    } else {
        json_t *out = json_pack("{s:O?, s:O, s:s}", "manifest", proof.manifest, "auditRow",
                                proof.row, "verdict", proof.verdict);
        json_dumpf(out, c->out, JSON_INDENT(2));
        fputc('\n', c->out);
        json_decref(out);
        status = strcmp(proof.verdict, "ok") == 0 ? CTL_OK : CTL_BAD;
        retention_proof_clear(&proof);
    }
    service_close(&s);
    return status;
}

/* ---- classes and holds ---- */

static int reclassify(struct ctl *c, struct service *s)
{
    enum retention_class class;
    return retention_class_parse(c->arguments[1], &class)
               ? retention_reclassify(s, c->arguments[0], class)
               : SQ_ERR_INVALID;
}

int ctl_retention_class(struct ctl *c)
{
    enum retention_class class;
    if (!retention_class_parse(c->arguments[1], &class) || class > RETENTION_INPATIENT) {
        ctl_fail(c, "a record is outpatient or inpatient", "病历类别为 outpatient 或 inpatient");
        return CTL_USAGE;
    }
    return run_change(c, "ctl.retention_class", reclassify);
}

static int hold(struct ctl *c, struct service *s)
{
    char id[ID_MAX];
    int error = retention_hold(s, c->arguments[0], c->reason, BY, c->utc_us, id);
    if (error == 0)
        fprintf(c->out, "%s\n", id);
    return error;
}

int ctl_retention_hold(struct ctl *c)
{
    if (!c->reason || !*c->reason || strlen(c->reason) > RETENTION_REASON_MAX) {
        ctl_fail(c, "--reason TEXT is needed, up to %d bytes", "需要 --reason 原因，最多 %d 字节",
                 RETENTION_REASON_MAX);
        return CTL_USAGE;
    }
    return run_change(c, "ctl.retention_hold", hold);
}

static int release(struct ctl *c, struct service *s)
{
    return retention_release(s, c->arguments[0], BY, c->utc_us);
}

int ctl_retention_release(struct ctl *c)
{
    return run_change(c, "ctl.retention_release", release);
}

int ctl_retention_holds(struct ctl *c)
{
    struct service s;
    json_t *holds = NULL, *one = NULL;
    size_t i = 0;
    int status = ctl_open(c, &s);
    if (status != CTL_OK)
        return status;
    int error = retention_holds(&s, &holds);
    json_array_foreach(holds, i, one)
    {
        json_dumpf(one, c->out, JSON_COMPACT);
        fputc('\n', c->out);
    }
    json_decref(holds);
    if (error < 0)
        status = failed(c, &s, error);
    service_close(&s);
    return status;
}
