/* SPDX-License-Identifier: Apache-2.0 */
/* Foreign programs, by the operator: receivers of webhooks, keys of links, bearer tokens; and
 * statistics of any span. A secret is printed once and stands nowhere else in the open. */
#include "shanqiao/error.h"
#include "signaling/auth/rights.h"
#include "signaling/auth/session.h"
#include "signaling/ctl/ctl.h"
#include "signaling/link/link.h"
#include "signaling/statistics/statistics.h"
#include "signaling/store/store.h"
#include "signaling/webhook/delivery.h"
#include "signaling/webhook/sign.h"
#include "signaling/webhook/webhook.h"
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define TOKEN_DAYS_MAX 400

/* One change in a transaction, with its audit row on `object` (filled by fn). Returns rows or an
 * error of the store; en and zh: what was wanted, for SQ_ERR_INVALID. */
struct change {
    struct ctl *c;
    struct service *s;
    const char *en, *zh;
    char object[ID_MAX];
    char secret[WEBHOOK_SECRET_TEXT_MAX > LINK_SECRET_TEXT_MAX ? WEBHOOK_SECRET_TEXT_MAX
                                                               : LINK_SECRET_TEXT_MAX];
};

static int carry_out(struct ctl *c, const char *act, int (*fn)(struct change *change),
                     struct change *change)
{
    struct service s;
    int status = ctl_open(c, &s);
    if (status != CTL_OK)
        return status;
    *change = (struct change){.c = c, .s = &s};
    int error = store_begin(s.store);
    if (error == 0)
        error = fn(change);
    if (error == 0)
        error = ctl_audit(c, &s, act, change->object);
    if (error == 0)
        error = store_commit(s.store);
    store_rollback(s.store);
    if (error == SQ_ERR_STORE)
        status = ctl_fail(c, "%s: %s", "%s：%s", sq_error_name(error), store_error(s.store));
    else if (error == SQ_ERR_NOT_FOUND)
        status = ctl_fail(c, "there is no %s", "没有 %s", c->arguments[0]);
    else if (error == SQ_ERR_INVALID && change->en)
        status = ctl_fail(c, "%s", "%s", c->chinese ? change->zh : change->en);
    else if (error < 0)
        status = ctl_fail(c, "%s: %s", "%s：%s", sq_error_name(error),
                          sq_error_text(error, c->chinese ? "zh-CN" : "en"));
    service_close(&s);
    return status;
}

static void print_secret(const struct ctl *c, struct change *change)
{
    fprintf(c->out, "%s %s\n", change->object, change->secret);
    sodium_memzero(change->secret, sizeof change->secret);
}

/* ---- webhooks ---- */

static int add_webhook(struct change *h)
{
    h->en = "a receiver is https://HOST[:PORT]/..., up to 511 bytes of ASCII, without a user name";
    h->zh = "接收地址应为 https://主机[:端口]/...，最长 511 字节 ASCII，不含用户名";
    return webhook_add(h->s, h->c->arguments[0], h->c->arguments[1], h->c->utc_us, h->object,
                       h->secret, sizeof h->secret);
}

int ctl_webhook_add(struct ctl *c)
{
    struct change change;
    int status = carry_out(c, "webhook.add", add_webhook, &change);
    if (status == CTL_OK)
        print_secret(c, &change);
    return status;
}

static int remove_webhook(struct change *h)
{
    snprintf(h->object, sizeof h->object, "%s", h->c->arguments[0]);
    return webhook_remove(h->s, h->object, h->c->utc_us);
}

int ctl_webhook_remove(struct ctl *c)
{
    struct change change;
    return carry_out(c, "webhook.remove", remove_webhook, &change);
}

static void print_unreadable(const struct ctl *c, const struct store_query *q)
{
    if (store_int(q, 6) > 0)
        fprintf(c->out, "  %s\n",
                ctl_text(c,
                         "its secret can't be unsealed with the key of --keys: "
                         "remove it and add it anew",
                         "其密钥无法用 --keys 的主密钥解封，请删除后重新添加"));
}

int ctl_webhook_list(struct ctl *c)
{
    struct service s;
    struct store_query q;
    int status = ctl_open(c, &s);
    if (status != CTL_OK)
        return status;
    store_query(s.store, &q,
                "SELECT w.id, w.institution, w.url,"
                " (SELECT COUNT(*) FROM webhook_delivery d WHERE d.webhook = w.id"
                "  AND d.ended_us = 0),"
                " (SELECT COUNT(*) FROM webhook_delivery d WHERE d.webhook = w.id"
                "  AND d.delivered = 1),"
                " (SELECT COUNT(*) FROM webhook_delivery d WHERE d.webhook = w.id"
                "  AND d.ended_us > 0 AND d.delivered = 0),"
                " (SELECT COUNT(*) FROM webhook_delivery d WHERE d.webhook = w.id"
                "  AND d.failure = '" WEBHOOK_FAILED_SECRET "')"
                " FROM webhook w WHERE w.disabled_us = 0 ORDER BY w.institution, w.id",
                NULL, 0);
    fputs(ctl_text(c, "id\tinstitution\twaiting\tdelivered\tgiven up\turl\n",
                   "编号\t机构\t待送\t已送达\t已放弃\t地址\n"),
          c->out);
    while (store_next(&q)) {
        fprintf(c->out, "%s\t%s\t%lld\t%lld\t%lld\t%s\n", store_text(&q, 0), store_text(&q, 1),
                (long long)store_int(&q, 3), (long long)store_int(&q, 4),
                (long long)store_int(&q, 5), store_text(&q, 2));
        print_unreadable(c, &q);
    }
    int error = store_query_end(&q);
    if (error < 0)
        status = ctl_fail(c, "%s: %s", "%s：%s", sq_error_name(error), store_error(s.store));
    service_close(&s);
    return status;
}

/* ---- links ---- */

static int add_link_key(struct change *h)
{
    return link_key_add(h->s, h->c->arguments[0], h->c->utc_us, h->object, h->secret);
}

int ctl_link_key_add(struct ctl *c)
{
    struct change change;
    int status = carry_out(c, "link.key.add", add_link_key, &change);
    if (status == CTL_OK)
        print_secret(c, &change);
    return status;
}

static int remove_link_key(struct change *h)
{
    snprintf(h->object, sizeof h->object, "%s", h->c->arguments[0]);
    return link_key_remove(h->s, h->object, h->c->utc_us);
}

int ctl_link_key_remove(struct ctl *c)
{
    struct change change;
    return carry_out(c, "link.key.remove", remove_link_key, &change);
}

/* ---- tokens ---- */

static int find_program(struct change *h, char account[ID_MAX])
{
    struct store_query q;
    uint32_t roles = 0;
    STORE_QUERY(h->s->store, &q, "SELECT id, roles FROM account WHERE login = $1 AND disabled = 0",
                sv_text(h->c->arguments[0]));
    bool found = store_next(&q);
    if (found) {
        store_copy_text(&q, 0, account, ID_MAX);
        roles = (uint32_t)store_int(&q, 1);
    }
    int status = store_query_end(&q);
    if (status < 0)
        return status;
    if (!found)
        return SQ_ERR_NOT_FOUND;
    return roles == ROLE_SERVICE ? 0 : SQ_ERR_DENIED;
}

static int make_token(struct change *h)
{
    char account[ID_MAX], token[AUTH_TOKEN_MAX];
    h->en = "a token is valid for 1 to 400 days";
    h->zh = "令牌有效期为 1 至 400 天";
    int days = atoi(h->c->arguments[1]);
    if (days < 1 || days > TOKEN_DAYS_MAX)
        return SQ_ERR_INVALID;
    int status = find_program(h, account);
    if (status == 0)
        status = session_create(h->s, account, "program", h->c->utc_us, h->object, token);
    if (status == 0) {
        status = STORE_RUN(h->s->store, "UPDATE session SET expires_us = $1 WHERE id = $2",
                           sv_int(h->c->utc_us + days * 86400 * TIME_US_PER_S), sv_text(h->object));
        snprintf(h->secret, sizeof h->secret, "%s", token);
    }
    sodium_memzero(token, sizeof token);
    return status < 0 ? status : 0;
}

int ctl_account_token(struct ctl *c)
{
    struct change change;
    int status = carry_out(c, "account.token", make_token, &change);
    if (status == CTL_OK)
        print_secret(c, &change);
    return status;
}

/* ---- statistics ---- */

static int read_span(struct ctl *c, struct statistics_filter *f)
{
    f->from_us = 0;
    f->until_us = c->utc_us;
    if ((c->from && !service_time_parse(c->from, &f->from_us)) ||
        (c->until && !service_time_parse(c->until, &f->until_us)))
        return ctl_fail(c, "--from and --until are times such as 2026-01-31T00:00:00.000Z",
                        "--from 和 --until 为形如 2026-01-31T00:00:00.000Z 的时间");
    return CTL_OK;
}

int ctl_statistics(struct ctl *c)
{
    struct service s;
    struct statistics_filter f = {.institution = c->institution ? c->institution : "",
                                  .by = STATISTICS_BY_ALL,
                                  .cases_max = INT32_MAX};
    bool csv = strcmp(c->arguments[0], "csv") == 0;
    if (!csv && strcmp(c->arguments[0], "json") != 0)
        return ctl_fail(c, "found \"%s\", want json or csv", "找到“%s”，应为 json 或 csv",
                        c->arguments[0]);
    int status = read_span(c, &f);
    if (status == CTL_OK)
        status = ctl_open(c, &s);
    if (status != CTL_OK)
        return status;
    json_t *collected = NULL;
    int error = statistics_collect(&s, &f, &collected);
    char *text = error < 0 ? NULL
                 : csv     ? statistics_csv(collected)
                           : json_dumps(collected, JSON_INDENT(2));
    if (text)
        fprintf(c->out, "%s%s", text, csv ? "" : "\n");
    else
        status = ctl_fail(c, "%s: %s", "%s：%s", sq_error_name(error), store_error(s.store));
    free(text);
    json_decref(collected);
    service_close(&s);
    return status;
}
