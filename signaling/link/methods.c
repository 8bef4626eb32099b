/* SPDX-License-Identifier: Apache-2.0 */
/* link.make, link.open, the address behind a link, and the keys that links are signed with. */
#include "shanqiao/error.h"
#include "signaling/consult/record.h"
#include "signaling/directory/directory.h"
#include "signaling/link/link.h"
#include "signaling/service.h"
#include "signaling/store/store.h"
#include "signaling/store/vault.h"
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BASE64      sodium_base64_VARIANT_URLSAFE_NO_PADDING
#define NONCE_BYTES 16

/* ---- keys ---- */

int link_key_add(struct service *s, const char *institution, time_us utc_us, char id[ID_MAX],
                 char secret_text[LINK_SECRET_TEXT_MAX])
{
    uint8_t secret[LINK_SECRET_BYTES], *sealed = NULL;
    json_t *found = NULL;
    size_t len = 0;
    int status = directory_institution(s, institution, &found);
    json_decref(found);
    if (status < 0)
        return status;
    store_new_id(id, "lnk");
    randombytes_buf(secret, sizeof secret);
    sodium_bin2base64(secret_text, LINK_SECRET_TEXT_MAX, secret, sizeof secret, BASE64);
    struct vault_place place = {"link_key", id, "sealed_secret"};
    status = vault_seal(s->vault, &place, secret, sizeof secret, &sealed, &len);
    sodium_memzero(secret, sizeof secret);
    if (status == 0)
        status =
            STORE_RUN(s->store,
                      "INSERT INTO link_key (id, institution, sealed_secret, created_us)"
                      " VALUES ($1, $2, $3, $4)",
                      sv_text(id), sv_text(institution), sv_bytes(sealed, len), sv_int(utc_us));
    free(sealed);
    return status < 0 ? status : 0;
}

int link_key_remove(struct service *s, const char *id, time_us utc_us)
{
    int rows = STORE_RUN(s->store,
                         "UPDATE link_key SET disabled_us = $1 WHERE id = $2 AND disabled_us = 0",
                         sv_int(utc_us), sv_text(id));
    return rows == 0 ? SQ_ERR_NOT_FOUND : rows < 0 ? rows : 0;
}

struct key {
    char id[ID_MAX];
    char institution[ID_MAX];
    uint8_t secret[LINK_SECRET_BYTES];
};

static int unseal(struct service *s, const struct store_query *q, struct key *out)
{
    struct vault_place place = {"link_key", out->id, "sealed_secret"};
    uint8_t *secret = NULL;
    size_t len = 0;
    const void *sealed = store_bytes(q, 2, &len);
    int status = vault_unseal(s->vault, &place, sealed, len, &secret, &len);
    if (status == 0 && len != sizeof out->secret)
        status = SQ_ERR_FORGED;
    if (status == 0)
        memcpy(out->secret, secret, len);
    if (secret)
        sodium_memzero(secret, len);
    free(secret);
    return status;
}

/* By id, or (id "") the newest of the institution. SQ_ERR_NOT_FOUND. */
static int load_key(struct service *s, const char *id, const char *institution, struct key *out)
{
    struct store_query q;
    int status = SQ_ERR_NOT_FOUND;
    STORE_QUERY(s->store, &q,
                "SELECT id, institution, sealed_secret FROM link_key WHERE disabled_us = 0"
                " AND (id = $1 OR institution = $2) ORDER BY created_us DESC, id LIMIT 1",
                sv_text(id), sv_text(institution));
    if (store_next(&q)) {
        store_copy_text(&q, 0, out->id, sizeof out->id);
        store_copy_text(&q, 1, out->institution, sizeof out->institution);
        status = unseal(s, &q, out);
    }
    int ended = store_query_end(&q);
    return ended < 0 ? ended : status;
}

/* ---- link.make ---- */

static const char *param(const struct call *call, const char *name)
{
    const char *text = json_string_value(json_object_get(call->params, name));
    return text ? text : "";
}

static int give(struct call *call, struct link *l, const struct key *key)
{
    uint8_t nonce[NONCE_BYTES];
    char text[LINK_TEXT_MAX], until[SERVICE_TIME_MAX];
    snprintf(l->key, sizeof l->key, "%s", key->id);
    randombytes_buf(nonce, sizeof nonce);
    sodium_bin2base64(l->nonce, sizeof l->nonce, nonce, sizeof nonce, BASE64);
    l->end_s = (call->utc_us + LINK_LIFE_US) / TIME_US_PER_S;
    int status = link_make(l, key->secret, text);
    if (status < 0)
        return status;
    call->result = json_pack("{s:s, s:s}", "link", text, "expiresAt",
                             service_time_text(l->end_s * TIME_US_PER_S, until));
    return call->result ? 0 : SQ_ERR_NOMEM;
}

static int link_make_method(struct call *call)
{
    struct link l = {0};
    struct consult_record r;
    struct key key;
    const char *id = param(call, "consultationId"), *account = param(call, "accountId");
    int status = consult_open(call, id, ACT_MAKE_LINK, &r, NULL);
    if (status < 0)
        return status;
    snprintf(l.consultation, sizeof l.consultation, "%s", r.id);
    snprintf(l.account, sizeof l.account, "%s", account);
    consult_record_clear(&r);
    status = load_key(call->service, "", call->caller->institution, &key);
    if (status == SQ_ERR_NOT_FOUND)
        return call_fail(call, SQ_ERR_STATE,
                         "Your institution has no key for links. Ask the operator to make one: "
                         "shanqiaoctl link-key add.",
                         "本机构尚无链接密钥，请联系运维人员创建：shanqiaoctl link-key add。");
    if (status == 0)
        status = give(call, &l, &key);
    sodium_memzero(&key, sizeof key);
    return status;
}

/* ---- link.open ---- */

static int refuse(struct call *call)
{
    return call_fail(call, SQ_ERR_FORGED,
                     "This link is not valid. Open the case anew from the program it came from.",
                     "链接无效，请从来源系统重新打开该病例。");
}

static int spend(struct call *call, const char *text, const struct link *l)
{
    uint8_t hash[crypto_hash_sha256_BYTES];
    crypto_hash_sha256(hash, (const uint8_t *)text, strlen(text));
    int status = STORE_RUN(
        call->service->store, "INSERT INTO link_used (link_hash, until_us) VALUES ($1, $2)",
        sv_bytes(hash, sizeof hash), sv_int(l->end_s * TIME_US_PER_S + 2 * LINK_SKEW_US));
    if (status == SQ_ERR_CONFLICT)
        return call_fail(call, SQ_ERR_REPLAY,
                         "This link was used before. Open the case anew from the program it came "
                         "from.",
                         "链接已被使用，请从来源系统重新打开该病例。");
    if (status < 0)
        return status;
    status = STORE_RUN(call->service->store, "DELETE FROM link_used WHERE until_us < $1",
                       sv_int(call->utc_us));
    return status < 0 ? status : 0;
}

/* May an institution's key open this case? Only one that sees it anyway. */
static int key_reaches(struct call *call, const struct key *key, const struct consult_record *r)
{
    bool inviting = false, invited = false;
    int status =
        directory_belongs(call->service, r->place.institution, key->institution, &inviting);
    if (status == 0)
        status = directory_belongs(call->service, r->place.invited, key->institution, &invited);
    return status < 0 ? status : inviting || invited ? 0 : SQ_ERR_NOT_FOUND;
}

static int open_case(struct call *call, const struct link *l, const struct key *key)
{
    struct consult_record r;
    int status = consult_open(call, l->consultation, ACT_SEE, &r, NULL);
    if (status < 0)
        return status;
    status = key_reaches(call, key, &r);
    consult_record_clear(&r);
    if (status == 0 && !(call->result = json_pack("{s:s}", "consultationId", l->consultation)))
        status = SQ_ERR_NOMEM;
    return status;
}

static int link_open_method(struct call *call)
{
    const char *text = param(call, "link");
    struct link l;
    struct key key;
    if (link_parse(text, &l) < 0)
        return refuse(call);
    int status = load_key(call->service, l.key, "", &key);
    if (status < 0)
        return status == SQ_ERR_NOT_FOUND ? refuse(call) : status;
    status = link_check(text, &l, key.secret, call->utc_us);
    sodium_memzero(key.secret, sizeof key.secret);
    if (status == SQ_ERR_TIMEOUT)
        return call_fail(call, SQ_ERR_TIMEOUT,
                         "This link has ended. Open the case anew from the program it came from.",
                         "链接已过期，请从来源系统重新打开该病例。");
    if (status < 0)
        return refuse(call);
    if (strcmp(l.account, call->caller->account) != 0)
        return call_fail(call, SQ_ERR_DENIED,
                         "This link was made for another person. Sign in as that person, or open "
                         "the case from your own list.",
                         "该链接是为另一账号生成的，请用该账号登录，或从自己的列表中打开病例。");
    status = open_case(call, &l, &key);
    return status < 0 ? status : spend(call, text, &l);
}

/* ---- GET /open/<link> ---- */

/* The pages take the link from behind the #, which no server logs. */
static int open_start(struct exchange *x, void *user, void **state)
{
    struct link l;
    char location[LINK_TEXT_MAX + 16];
    (void)user;
    (void)state;
    if (link_parse(http_path_rest(x), &l) < 0)
        return SQ_ERR_NOT_FOUND;
    snprintf(location, sizeof location, "/#/open/%s", http_path_rest(x));
    struct http_field field[] = {{"location", location}, {"cache-control", "no-store"}};
    http_respond(x, 303, field, 2, NULL, 0);
    return 0;
}

static const struct http_ops open_ops = {.start = open_start};
static const struct http_route routes[] = {
    {.methods = HTTP_GET, .path = "/open/", .flags = HTTP_PREFIX | HTTP_OPEN, .ops = &open_ops},
};
const struct http_table link_http_table = {.routes = routes, .count = 1};

static const struct method methods[] = {
    {.name = "link.make", .flags = METHOD_WRITES, .handle = link_make_method},
    {.name = "link.open", .flags = METHOD_WRITES, .handle = link_open_method},
};
const struct method_table link_method_table = {methods, sizeof(methods) / sizeof(methods[0])};
