/* SPDX-License-Identifier: Apache-2.0 */
/* Opinions: drafts are the author's, a signature is for ever, whatever is changed afterwards is
 * found. */
#include "people.h"
#include "shanqiao/error.h"
#include "signaling/opinion/opinion.h"
#include "signaling/opinion/x509.h"
#include "signaling/store/store.h"
#include "signaling/store/vault.h"
#include <criterion/criterion.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct people p;
static char id[ID_MAX];

static void up(void)
{
    static const char *const on_duty[] = {EXPERT_1, EXPERT_2, NULL};
    people_init(&p);
    cr_assert_eq(people_submit(&p, on_duty, id), 0);
    cr_assert_eq(people_call(&p, EXPERT_1, "consultation.accept", people_id(id)), 0);
    cr_assert_eq(people_call(&p, EXPERT_1, "consultation.enter", people_id(id)), 0);
    cr_assert_eq(people_call(&p, VILLAGER, "consultation.enter", people_id(id)), 0);
}

static void down(void)
{
    people_fini(&p);
}

TestSuite(opinion, .init = up, .fini = down);

static int with_text(const char *account, const char *method, const char *text)
{
    return people_call(
        &p, account, method,
        json_pack("{s:s, s:{s:s}}", "consultationId", id, "opinion", "advice", text));
}

static int plain(const char *account, const char *method)
{
    return people_call(&p, account, method, json_pack("{s:s}", "consultationId", id));
}

static void sign_it(void)
{
    cr_assert_eq(people_call(&p, VILLAGER, "consultation.end", people_id(id)), 0);
    cr_assert_eq(with_text(EXPERT_1, "opinion.sign", "keep warm; 复诊"), 0);
}

static const char *verdict(void)
{
    struct opinion_verdict v;
    cr_assert_eq(opinion_verify(&p.service, id, NULL, &v), 0);
    cr_expect_eq(v.verified, strcmp(v.reason, "ok") == 0);
    return v.reason;
}

Test(opinion, drafts_belong_to_their_author)
{
    cr_assert_eq(with_text(EXPERT_1, "opinion.save", "first thought"), 0);
    cr_assert_eq(with_text(EXPERT_1, "opinion.save", "second thought"), 0);
    cr_assert_eq(plain(EXPERT_1, "opinion.get"), 0);
    const json_t *text = json_object_get(json_object_get(p.call.result, "opinion"), "text");
    cr_expect_str_eq(json_string_value(json_object_get(text, "advice")), "second thought");
    cr_expect_eq(plain(VILLAGER, "opinion.get"), SQ_ERR_NOT_FOUND);
    cr_expect_eq(plain(EXPERT_2, "opinion.get"), SQ_ERR_NOT_FOUND);
    cr_expect_eq(with_text(EXPERT_2, "opinion.save", "mine"), SQ_ERR_NOT_FOUND);
    cr_expect_eq(with_text(VILLAGER, "opinion.save", "mine"), SQ_ERR_DENIED);
    cr_expect_str_eq(verdict(), "not_signed");
}

Test(opinion, is_signed_once_after_the_call)
{
    cr_expect_eq(with_text(EXPERT_1, "opinion.sign", "too early"), SQ_ERR_STATE);
    cr_assert_eq(people_call(&p, VILLAGER, "consultation.end", people_id(id)), 0);
    cr_expect_eq(plain(EXPERT_1, "opinion.sign"), SQ_ERR_INVALID);
    cr_expect_eq(with_text(EXPERT_1, "opinion.sign", "  \n"), SQ_ERR_INVALID);
    cr_assert_eq(with_text(EXPERT_1, "opinion.sign", "rest"), 0);
    cr_expect_str_eq(verdict(), "ok");
    cr_expect_eq(with_text(EXPERT_1, "opinion.sign", "other"), SQ_ERR_STATE);
    cr_expect_eq(with_text(EXPERT_1, "opinion.save", "other"), SQ_ERR_STATE);
    cr_assert_eq(plain(VILLAGER, "opinion.get"), 0);
    cr_assert_eq(plain(VILLAGER, "opinion.verify"), 0);
    cr_expect(json_is_true(json_object_get(p.call.result, "verified")));
    cr_expect_eq(plain(OTHER_DOCTOR, "opinion.verify"), SQ_ERR_DENIED);
}

/* With OpenSSL and the reply alone, as docs/protocol/opinion.md says. */
Test(opinion, can_be_checked_outside)
{
    sign_it();
    const json_t *o = json_object_get(p.call.result, "opinion");
    const char *canonical = json_string_value(json_object_get(o, "canonical"));
    const char *base64 = json_string_value(json_object_get(o, "signature"));
    uint8_t signature[256];
    size_t len = 0;
    cr_assert_eq(sodium_base642bin(signature, sizeof(signature), base64, strlen(base64), NULL, &len,
                                   NULL, sodium_base64_VARIANT_ORIGINAL),
                 0);
    X509 *certificate = x509_from_pem(json_string_value(json_object_get(o, "certificate")));
    cr_assert_not_null(certificate);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    cr_assert_eq(
        EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL, X509_get0_pubkey(certificate)), 1);
    cr_expect_eq(
        EVP_DigestVerify(context, signature, len, (const uint8_t *)canonical, strlen(canonical)),
        1);
    EVP_MD_CTX_free(context);
    char uid[ID_MAX];
    x509_uid(certificate, uid, sizeof(uid));
    cr_expect_str_eq(uid, EXPERT_1);
    X509_free(certificate);
}

/* $1 in `sql` stands for so many zero bytes. */
static void change(const char *sql, size_t zeros)
{
    static const uint8_t zero[128];
    struct store_value value = sv_bytes(zero, zeros);
    int changed = store_run(p.service.store, sql, &value, zeros > 0);
    cr_assert_geq(changed, 1, "%s: %s", sql, store_error(p.service.store));
}

Test(opinion, changes_in_the_store_are_found)
{
    static const struct {
        const char *sql;
        size_t zeros;
        const char *reason;
    } changes[] = {
        {"UPDATE opinion SET canonical_hash = $1", 32, "hash_mismatch"},
        {"UPDATE opinion SET sealed_canonical = $1", 100, "hash_mismatch"},
        {"UPDATE opinion SET signature = $1", 70, "signature_invalid"},
        {"UPDATE opinion SET algorithm = 'none'", 0, "signature_invalid"},
        {"UPDATE opinion SET signed_us = signed_us + 60000000", 0, "content_differs"},
        {"UPDATE opinion SET signed_us = signed_us + 600000000000000", 0, "certificate_invalid"},
        {"UPDATE opinion SET certificate = (SELECT certificate FROM signing_key WHERE owner = "
         "'ca')",
         0, "certificate_invalid"},
        {"UPDATE opinion SET author = '" EXPERT_2 "'", 0, "certificate_invalid"},
        {"UPDATE opinion SET version = 2", 0, "content_differs"},
        {"UPDATE opinion SET kind = 'conclusion'", 0, "content_differs"},
        {"UPDATE opinion SET supersedes = 'opn_x'", 0, "content_differs"},
        {"DELETE FROM signing_key WHERE owner = 'ca'", 0, "certificate_invalid"},
    };
    sign_it();
    for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        cr_assert_eq(store_begin(p.service.store), 0);
        change(changes[i].sql, changes[i].zeros);
        cr_expect_str_eq(verdict(), changes[i].reason, "%s", changes[i].sql);
        store_rollback(p.service.store);
        cr_expect_str_eq(verdict(), "ok");
    }
}

Test(opinion, a_certificate_of_another_installation_is_refused)
{
    struct x509_request request = {.common_name = "x",
                                   .uid = EXPERT_1,
                                   .from_utc_us = p.utc_us - TIME_US_PER_S,
                                   .until_utc_us = p.utc_us + 1000 * TIME_US_PER_S};
    struct x509_request authority = request;
    sign_it();
    authority.authority = true;
    authority.common_name = "Shanqiao installation CA";
    EVP_PKEY *key = x509_new_key();
    X509 *ca = x509_issue(&authority, key, NULL, NULL);
    X509 *certificate = x509_issue(&request, key, ca, key);
    char *pem = x509_to_pem(certificate);
    cr_assert_not_null(pem);
    STORE_RUN(p.service.store, "UPDATE opinion SET certificate = $1", sv_text(pem));
    cr_expect_str_eq(verdict(), "certificate_invalid");
    free(pem);
    X509_free(certificate);
    X509_free(ca);
    EVP_PKEY_free(key);
}

Test(opinion, keys_survive_a_restart_and_another_master_key_is_found)
{
    char path[128], error[SERVICE_ERROR_MAX];
    struct service_config config = {0};
    struct service other;
    sign_it();
    people_restart(&p);
    cr_expect_str_eq(verdict(), "ok");
    snprintf(path, sizeof(path), "%s/master.key", p.dir);
    unlink(path);
    cr_assert_eq(vault_create(path), 0);
    snprintf(config.database, sizeof(config.database), "%s", p.database);
    snprintf(config.keys, sizeof(config.keys), "%s", p.dir);
    cr_expect_eq(service_open(&other, &config, error), SQ_ERR_FORGED);
    cr_expect_neq(strstr(error, "master key"), NULL);
}
