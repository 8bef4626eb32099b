/* SPDX-License-Identifier: Apache-2.0 */
/* Checks: the audit chain, signed opinions. */
#include "shanqiao/error.h"
#include "signaling/audit/audit.h"
#include "signaling/ctl/ctl.h"
#include "signaling/opinion/opinion.h"
#include "signaling/store/store.h"
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define HEX_SIZE (2 * AUDIT_HASH_BYTES + 1)

static int store_failed(const struct ctl *c, const struct service *s, int status)
{
    return ctl_fail(c, "%s: %s", "%s：%s", sq_error_name(status), store_error(s->store));
}

static bool parse_head(const char *text, struct audit_head *out)
{
    char *end = NULL;
    size_t len = 0;
    errno = 0;
    out->number = strtoll(text, &end, 10);
    return !errno && end != text && *end == ':' && out->number > 0 &&
           sodium_hex2bin(out->hash, sizeof(out->hash), end + 1, strlen(end + 1), NULL, &len,
                          NULL) == 0 &&
           len == sizeof(out->hash);
}

int ctl_audit_verify(struct ctl *c)
{
    struct service s;
    struct audit_verdict verdict;
    struct audit_head expected;
    if (c->expect && !parse_head(c->expect, &expected)) {
        ctl_fail(c, "--expect wants NUMBER:HASH as `audit head` prints it",
                 "--expect 需要 audit head 输出的 编号:哈希");
        return CTL_USAGE;
    }
    int status = ctl_open(c, &s);
    if (status != CTL_OK)
        return status;
    int error = audit_verify(s.store, c->expect ? &expected : NULL, &verdict);
    if (error < 0) {
        status = store_failed(c, &s, error);
    } else if (verdict.first_bad) {
        fprintf(c->out,
                ctl_text(c, "BAD: row %lld (%s), %lld rows before it are good\n",
                         "异常：第 %lld 行（%s），此前 %lld 行正常\n"),
                (long long)verdict.first_bad, verdict.reason, (long long)verdict.rows);
        status = CTL_BAD;
    } else {
        fprintf(c->out, ctl_text(c, "ok: %lld rows\n", "正常：%lld 行\n"), (long long)verdict.rows);
    }
    service_close(&s);
    return status;
}

int ctl_audit_head(struct ctl *c)
{
    struct service s;
    struct audit_head head;
    char hex[HEX_SIZE];
    int status = ctl_open(c, &s);
    if (status != CTL_OK)
        return status;
    int error = audit_get_head(s.store, &head);
    if (error < 0) {
        status = store_failed(c, &s, error);
    } else {
        sodium_bin2hex(hex, sizeof(hex), head.hash, sizeof(head.hash));
        fprintf(c->out, "%lld:%s\n", (long long)head.number, hex);
    }
    service_close(&s);
    return status;
}

int ctl_opinion_verify(struct ctl *c)
{
    struct service s;
    struct opinion_verdict verdict;
    int status = ctl_open(c, &s);
    if (status != CTL_OK)
        return status;
    int error = opinion_verify(&s, c->arguments[0], &verdict);
    if (error == SQ_ERR_NOT_FOUND)
        status = ctl_fail(c, "there is no consultation %s", "没有会诊 %s", c->arguments[0]);
    else if (error < 0)
        status = store_failed(c, &s, error);
    else {
        fprintf(c->out, "%s: %s\n",
                verdict.verified ? ctl_text(c, "verified", "校验通过")
                                 : ctl_text(c, "NOT verified", "校验不通过"),
                verdict.reason);
        status = verdict.verified ? CTL_OK : CTL_BAD;
    }
    service_close(&s);
    return status;
}

int ctl_opinion_ca(struct ctl *c)
{
    struct service s;
    struct store_query q;
    bool found = false;
    int status = ctl_open(c, &s);
    if (status != CTL_OK)
        return status;
    store_query(s.store, &q,
                "SELECT certificate FROM signing_key WHERE owner = 'ca' ORDER BY from_us", NULL, 0);
    while (store_next(&q)) {
        fputs(store_text(&q, 0), c->out);
        found = true;
    }
    int error = store_query_end(&q);
    if (error < 0)
        status = store_failed(c, &s, error);
    else if (!found)
        status = ctl_fail(c, "nothing was signed yet, so there is no CA",
                          "尚未签署过意见，因此还没有根证书");
    service_close(&s);
    return status;
}
