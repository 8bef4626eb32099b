/* SPDX-License-Identifier: Apache-2.0 */
/* Checks: signed opinions. */
#include "shanqiao/error.h"
#include "signaling/ctl/ctl.h"
#include "signaling/opinion/opinion.h"
#include "signaling/store/store.h"

static int store_failed(const struct ctl *c, const struct service *s, int status)
{
    return ctl_fail(c, "%s: %s", "%s：%s", sq_error_name(status), store_error(s->store));
}

int ctl_opinion_verify(struct ctl *c)
{
    struct service s;
    struct opinion_verdict verdict;
    int status = ctl_open(c, &s);
    if (status != CTL_OK)
        return status;
    int error = opinion_verify(&s, c->arguments[0], c->opinion, &verdict);
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
