/* SPDX-License-Identifier: Apache-2.0 */
/* The evidence package: what it holds, that it stays the same, and that nothing in it can be
 * changed unseen, neither by a flipped bit nor by somebody who packs anew. */
#include "case.h"
#include "shanqiao/error.h"
#include "signaling/audit/audit.h"
#include "signaling/export/package.h"
#include "signaling/opinion/opinion.h"
#include "signaling/opinion/x509.h"
#include "signaling/store/store.h"
#include <criterion/criterion.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct export_bytes zip;

static void add_audit_rows(void)
{
    static const char *const acts[] = {"consultation.submit", "consultation.accept",
                                       "opinion.sign"};
    cr_assert_eq(store_begin(p.service.store), 0);
    for (size_t i = 0; i < sizeof(acts) / sizeof(acts[0]); i++) {
        struct audit_act row = {p.utc_us, VILLAGER, "ses_x", acts[i], id, "", NULL};
        struct audit_act other = {p.utc_us, VILLAGER, "ses_x", acts[i], "con_other", "", NULL};
        cr_assert_eq(audit_append(p.service.store, &row), 0);
        if (i == 1)
            cr_assert_eq(audit_append(p.service.store, &other), 0);
    }
    cr_assert_eq(store_commit(p.service.store), 0);
}

static struct export_of whole(void)
{
    return (struct export_of){.consultation = id, .utc_us = p.utc_us};
}

/* Exports as shanqiaoctl does: in a transaction, for the installation's key may be made. */
static void export_to(struct export_bytes *out)
{
    struct export_problem problem;
    struct export_of what = whole();
    cr_assert_eq(store_begin(p.service.store), 0);
    cr_assert_eq(export_evidence(&p.service, &what, out, &problem), 0);
    cr_assert_eq(store_commit(p.service.store), 0);
}

static void up(void)
{
    case_up();
    case_supersede("立即转诊，不再等待复查结果。", "复核心电图后修正");
    add_audit_rows();
    export_to(&zip);
    case_write("a.zip", zip.data, zip.len_bytes);
}

static void down(void)
{
    free(zip.data);
    case_down();
}

TestSuite(evidence, .init = up, .fini = down);

static struct package unpacked(void)
{
    struct package it = {0};
    struct package_fault fault;
    cr_assert_eq(package_read(&it, zip.data, zip.len_bytes, &fault), 0);
    return it;
}

static struct export_verdict verdict_of(const void *data, size_t len_bytes)
{
    struct export_verdict v;
    cr_assert_eq(export_verify(data, len_bytes, NULL, &v), 0);
    return v;
}

Test(evidence, is_verified_from_its_bytes_alone)
{
    char line[256];
    cr_assert_eq(case_ctl("opinion ca --db DB --keys KEYS"), CTL_OK);
    case_write("ca.pem", said, strlen(said));
    cr_assert_eq(case_ctl("verify @a.zip"), CTL_OK, "%s", said);
    cr_expect_not_null(strstr(said, "signed by 演示专家乙 at 2026-05-28T20:27:40.000Z"), "%s",
                       said);
    cr_expect_not_null(strstr(said, "The CA is the one inside the package"), "%s", said);
    const char *hash = strstr(said, "package SHA-256 ");
    cr_assert_not_null(hash);
    snprintf(line, sizeof(line), "verify --ca @ca.pem --expect %.64s @a.zip",
             hash + strlen("package SHA-256 "));
    cr_assert_eq(case_ctl(line), CTL_OK, "%s", said);
    cr_expect_null(strstr(said, "inside the package"), "%s", said);
    cr_expect_eq(case_ctl("verify --expect 00 @a.zip"), CTL_BAD);
    cr_expect_eq(case_ctl("verify --ca @a.zip @a.zip"), CTL_FAILED, "%s", said);
    cr_expect_eq(case_ctl("verify @none.zip"), CTL_FAILED);
}

Test(evidence, is_a_zip_for_everybody)
{
    char path[256], command[512];
    case_path("a.zip", path);
    snprintf(command, sizeof(command),
             "python3 -c 'import sys,zipfile; z=zipfile.ZipFile(sys.argv[1]); "
             "sys.exit(z.testzip() is not None or len(z.namelist()) != 15)' '%s'",
             path);
    cr_expect_eq(system(command), 0);
}

/* The same case at the same time: all but the installation's signature, which is never the same. */
Test(evidence, says_the_same_each_time)
{
    struct package first = unpacked(), second;
    struct export_bytes again = {0};
    struct package_fault fault;
    export_to(&again);
    cr_assert_eq(package_read(&second, again.data, again.len_bytes, &fault), 0);
    cr_assert_eq(package_count(&first), package_count(&second));
    for (int i = 0; i < package_count(&first); i++) {
        if (i == PACKAGE_MANIFEST_SIGNATURE)
            continue;
        cr_expect_eq(first.parts[i].len_bytes, second.parts[i].len_bytes, "%d", i);
        cr_expect(first.parts[i].len_bytes == second.parts[i].len_bytes &&
                      memcmp(first.parts[i].data, second.parts[i].data, first.parts[i].len_bytes) ==
                          0,
                  "%d", i);
    }
    free(again.data);
}

/* By OpenSSL's own program, as docs/protocol/opinion.md says. */
Test(evidence, is_verified_by_openssl_too)
{
    struct package it = unpacked();
    char path[256], command[1024];
    static const struct {
        const char *name;
        int file;
    } files[] = {{"ca.pem", PACKAGE_CA},
                 {"certificate.pem", PACKAGE_FIXED + PACKAGE_CERTIFICATE},
                 {"opinion.json", PACKAGE_FIXED + PACKAGE_DOCUMENT},
                 {"opinion.sig", PACKAGE_FIXED + PACKAGE_SIGNATURE},
                 {"manifest.pem", PACKAGE_MANIFEST_CERTIFICATE},
                 {"manifest.json", PACKAGE_MANIFEST},
                 {"manifest.sig", PACKAGE_MANIFEST_SIGNATURE}};
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
        case_write(files[i].name, it.parts[files[i].file].data, it.parts[files[i].file].len_bytes);
    case_path("", path);
    snprintf(command, sizeof(command),
             "cd '%s' && openssl verify -attime 1780000000 -CAfile ca.pem certificate.pem >out &&"
             " openssl x509 -in certificate.pem -pubkey -noout >key.pem &&"
             " openssl dgst -sha256 -verify key.pem -signature opinion.sig opinion.json >out &&"
             " openssl verify -attime 1780000060 -CAfile ca.pem manifest.pem >out &&"
             " openssl x509 -in manifest.pem -pubkey -noout >key.pem &&"
             " openssl dgst -sha256 -verify key.pem -signature manifest.sig manifest.json >out",
             path);
    cr_expect_eq(system(command), 0);
}

/* Which part a byte of the zip stands in: "" for headers and directory. */
static const char *part_at(const struct package *it, size_t offset)
{
    static char name[EXPORT_FILE_NAME_MAX];
    for (int i = 0; i < package_count(it); i++) {
        size_t from = (size_t)(it->parts[i].data - zip.data);
        if (offset >= from && offset < from + it->parts[i].len_bytes)
            return package_name(i, name);
    }
    return "";
}

static void flip(const struct package *it, size_t at)
{
    zip.data[at] ^= 1;
    struct export_verdict v = verdict_of(zip.data, zip.len_bytes);
    const char *part = part_at(it, at);
    cr_assert(!v.good, "byte %zu (%s) was changed and not found", at, part);
    cr_assert(!part[0] || strcmp(v.file, part) == 0, "byte %zu of %s: %s", at, part, v.file);
    cr_assert(v.file[0], "byte %zu: no file named", at);
    zip.data[at] ^= 1;
}

/* Every byte of every file but the PDF, of which every 4,999th; all headers and the directory. */
Test(evidence, one_flipped_byte_is_refused_naming_the_file, .timeout = 200)
{
    struct package it = unpacked();
    size_t count = 0;
    for (size_t at = 0; at < zip.len_bytes; at++) {
        bool pdf = strcmp(part_at(&it, at), "opinion.pdf") == 0;
        if (pdf && at % 4999 != 0)
            continue;
        flip(&it, at);
        count++;
    }
    cr_log_info("%zu bytes flipped", count);
    cr_expect_gt(count, 5000);
    for (int i = 0; i < package_count(&it); i++)
        flip(&it, (size_t)(it.parts[i].data - zip.data) + it.parts[i].len_bytes / 2);
    cr_expect(verdict_of(zip.data, zip.len_bytes).good);
    zip.data[it.parts[package_of(0, PACKAGE_SIGNATURE)].data - zip.data + 9] ^= 1;
    case_write("bad.zip", zip.data, zip.len_bytes);
    cr_expect_eq(case_ctl("verify @bad.zip"), CTL_BAD);
    cr_expect_not_null(strstr(said, "REFUSED: opinions/001.sig: "), "%s", said);
}

Test(evidence, a_cut_or_grown_package_is_refused)
{
    uint8_t *grown = malloc(zip.len_bytes + 1);
    memcpy(grown, zip.data, zip.len_bytes);
    grown[zip.len_bytes] = 0;
    cr_expect(!verdict_of(grown, zip.len_bytes + 1).good);
    free(grown);
    for (size_t len = 0; len < zip.len_bytes;
         len += len < 600 || zip.len_bytes - len < 800 ? 1 : 997) {
        uint8_t *exact = malloc(len ? len : 1); /* ASan sees a read past the end */
        memcpy(exact, zip.data, len);
        struct export_verdict v = verdict_of(exact, len);
        cr_assert(!v.good && strcmp(v.code, "truncated") == 0, "%zu: %s", len, v.code);
        free(exact);
    }
}

/* Packs parts anew with checksums, sizes and a manifest that fit; `sign`: signed as the
 * installation does, to see what is behind that signature. */
static struct export_verdict repacked(struct package *it, bool sign)
{
    struct export_bytes made = {0};
    struct signature signature;
    struct signer *signer = p.service.signer;
    char *manifest = package_manifest(it);
    it->parts[PACKAGE_MANIFEST] =
        (struct package_part){(const uint8_t *)manifest, strlen(manifest)};
    if (sign) {
        cr_assert_eq(signer->ops->sign(signer, SIGNER_INSTALLATION, manifest, strlen(manifest),
                                       p.utc_us, &signature),
                     0);
        it->parts[PACKAGE_MANIFEST_SIGNATURE] =
            (struct package_part){signature.bytes, signature.len_bytes};
    }
    cr_assert_eq(package_write(it, &made), 0);
    struct export_verdict v = verdict_of(made.data, made.len_bytes);
    free(manifest);
    free(made.data);
    return v;
}

static struct export_verdict forged(int file, const void *data, size_t len_bytes)
{
    struct package it = unpacked();
    it.parts[file] = (struct package_part){data, len_bytes};
    struct export_verdict v = repacked(&it, false);
    cr_expect(!v.good && strcmp(v.code, "signature") == 0 && strcmp(v.file, "manifest.sig") == 0,
              "without the installation's key: %s %s", v.code, v.file);
    it.parts[file] = (struct package_part){data, len_bytes};
    return repacked(&it, true);
}

static void replaced(int file, const char *from, const char *to, const char *code, const char *name)
{
    struct package it = unpacked();
    const struct package_part *part = &it.parts[file];
    char *old = strndup((const char *)part->data, part->len_bytes);
    char *text = malloc(part->len_bytes + strlen(to) + 1);
    char *at = strstr(old, from);
    cr_assert_not_null(at, "%s", from);
    int len = sprintf(text, "%.*s%s%s", (int)(at - old), old, to, at + strlen(from));
    struct export_verdict v = forged(file, text, (size_t)len);
    cr_expect(!v.good && strcmp(v.code, code) == 0 && strcmp(v.file, name) == 0, "%s -> %s: %s %s",
              from, to, v.code, v.file);
    free(old);
    free(text);
}

Test(evidence, packing_anew_does_not_hide_a_change)
{
    int document = package_of(0, PACKAGE_DOCUMENT);
    replaced(document, "120", "121", "signature", "opinions/001.sig");
    replaced(document, "{", "{ ", "not_canonical", "opinions/001.json");
    replaced(PACKAGE_CONSULTATION, "两小时，活动后", "两天，活动后", "other_request",
             "consultation.json");
    replaced(PACKAGE_CONSULTATION, "\"id\":\"con_", "\"history\":\"无\",\"id\":\"con_",
             "other_request", "consultation.json");
    replaced(PACKAGE_CONSULTATION, "\"id\":\"con_", "\"id\": \"con_", "not_canonical",
             "consultation.json");
    replaced(PACKAGE_CONSENTS, "远程会诊知情同意书", "远程会诊知情同意", "other_text",
             "consents.json");
    replaced(PACKAGE_MATERIALS, "v1", "v9", "unknown_format", "materials.json");
}

/* What cannot be read is told before any signature. */
Test(evidence, unreadable_files_are_named)
{
    struct package it = unpacked();
    static const int files[] = {PACKAGE_AUDIT,     PACKAGE_CA,
                                PACKAGE_CONSENTS,  PACKAGE_CONSULTATION,
                                PACKAGE_MATERIALS, PACKAGE_MANIFEST_CERTIFICATE};
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        char name[EXPORT_FILE_NAME_MAX];
        struct package other = it;
        other.parts[files[i]] = (struct package_part){(const uint8_t *)"[", 1};
        struct export_verdict v = repacked(&other, true);
        cr_expect_str_eq(v.code, "unreadable");
        cr_expect_str_eq(v.file, package_name(files[i], name));
    }
}

/* An opinion taken out, put in twice, or out of the order that its successor names. */
Test(evidence, versions_belong_together)
{
    struct package it = unpacked();
    cr_assert_eq(it.opinions, 2);
    struct package one = it;
    memcpy(&one.parts[package_of(0, PACKAGE_DOCUMENT)], &it.parts[package_of(1, PACKAGE_DOCUMENT)],
           PACKAGE_PER_OPINION * sizeof(it.parts[0]));
    one.opinions = 1;
    struct export_verdict v = repacked(&one, true);
    cr_expect_str_eq(v.code, "other_version");
    one.opinions = 2;
    v = repacked(&one, true);
    cr_expect_str_eq(v.code, "other_version");
    it.opinions =
        1; /* the later version left out is not seen: the installation says what there is */
    v = repacked(&it, true);
    cr_expect(v.good, "%s %s", v.code, v.file);
}

static struct export_verdict changed(int file, void (*change)(json_t *value))
{
    struct package it = unpacked();
    const struct package_part *part = &it.parts[file];
    json_t *value = json_loadb((const char *)part->data, part->len_bytes, 0, NULL);
    change(value);
    char *text = opinion_canonical(value);
    struct export_verdict v = forged(file, text, strlen(text));
    free(text);
    json_decref(value);
    return v;
}

static void no_allergy(json_t *record)
{
    json_object_set_new(json_object_get(record, "request"), "allergy", json_string("无"));
}

static void second_history(json_t *record)
{
    json_object_set_new(json_object_get(record, "consultation"), "history", json_string("无"));
}

static void unknown_member(json_t *record)
{
    json_object_set_new(json_object_get(record, "consultation"), "advice", json_string("无"));
}

static void other_people(json_t *record)
{
    json_t *consultation = json_object_get(record, "consultation");
    json_object_del(consultation, "specialist");
    json_object_del(consultation, "members");
}

static void row_twice(json_t *audit)
{
    json_t *rows = json_object_get(audit, "rows");
    cr_assert_eq(json_array_size(rows), 4);
    json_array_append(rows, json_array_get(rows, 1));
}

/* A good row of the same chain, about something else. */
static void row_of_another_case(json_t *audit)
{
    struct store_query q;
    json_t *row = json_incref(json_array_get(json_object_get(audit, "rows"), 0));
    STORE_QUERY(p.service.store, &q,
                "SELECT number, at_us, act, previous, hash FROM audit WHERE object = $1",
                sv_text("con_other"));
    cr_assert(store_next(&q));
    json_object_set_new(row, "number", json_integer(store_int(&q, 0)));
    json_object_set_new(row, "atUs", json_integer(store_int(&q, 1)));
    json_object_set_new(row, "act", json_string(store_text(&q, 2)));
    json_object_set_new(row, "object", json_string("con_other"));
    json_object_set_new(row, "account", json_string(VILLAGER));
    json_object_set_new(row, "session", json_string("ses_x"));
    json_object_set_new(row, "detail", json_string(""));
    json_object_set_new(row, "chain", json_string("village"));
    for (int i = 3; i < 5; i++) {
        size_t len = 0;
        char hex[2 * AUDIT_HASH_BYTES + 1];
        const void *hash = store_bytes(&q, i, &len);
        sodium_bin2hex(hex, sizeof(hex), hash, len);
        json_object_set_new(row, i == 3 ? "previous" : "hash", json_string(hex));
    }
    store_query_end(&q);
    json_array_clear(json_object_get(audit, "rows"));
    json_array_append_new(json_object_get(audit, "rows"), row);
}

static void no_heads(json_t *audit)
{
    json_array_clear(json_object_get(audit, "heads"));
}

static void early_head(json_t *audit)
{
    json_t *head = json_array_get(json_object_get(audit, "heads"), 0);
    json_object_set_new(head, "number", json_integer(1));
}

static void other_time(json_t *record)
{
    json_object_set_new(record, "exportedAt", json_string("2199-01-01T00:00:00.000Z"));
}

Test(evidence, record_and_audit_rows_are_bound)
{
    static const struct {
        int file;
        void (*change)(json_t *value);
        const char *code;
    } cases[] = {
        {PACKAGE_CONSULTATION, no_allergy, "other_request"},
        {PACKAGE_CONSULTATION, second_history, "other_request"},
        {PACKAGE_CONSULTATION, unknown_member, "other_request"},
        {PACKAGE_CONSULTATION, other_people, "other_case"},
        {PACKAGE_AUDIT, row_of_another_case, "other_case"},
        {PACKAGE_AUDIT, row_twice, "audit_sequence"},
        {PACKAGE_AUDIT, no_heads, "audit_sequence"},
        {PACKAGE_AUDIT, early_head, "audit_sequence"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct export_verdict v = changed(cases[i].file, cases[i].change);
        cr_expect_str_eq(v.code, cases[i].code, "%zu: %s", i, v.code);
    }
    replaced(PACKAGE_AUDIT, "\"act\":\"opinion.sign\"", "\"act\":\"opinion.sigh\"", "audit_row",
             "audit.json");
    replaced(PACKAGE_AUDIT, "con_", "com_", "audit_row", "audit.json");
}

/* A document of the package, changed and signed by EXPERT_1 and the installation: as bad as it
 * gets.
 */
static struct export_verdict resigned(int n, void (*change)(json_t *document))
{
    struct package it = unpacked();
    struct signature signature;
    struct signer *signer = p.service.signer;
    const struct package_part *part = &it.parts[package_of(n, PACKAGE_DOCUMENT)];
    json_t *document = json_loadb((const char *)part->data, part->len_bytes, 0, NULL);
    change(document);
    char *text = opinion_canonical(document);
    cr_assert_eq(signer->ops->sign(signer, EXPERT_1, text, strlen(text), p.utc_us, &signature), 0);
    it.parts[package_of(n, PACKAGE_DOCUMENT)] =
        (struct package_part){(const uint8_t *)text, strlen(text)};
    it.parts[package_of(n, PACKAGE_SIGNATURE)] =
        (struct package_part){signature.bytes, signature.len_bytes};
    struct export_verdict v = repacked(&it, true);
    free(text);
    json_decref(document);
    return v;
}

static void nothing(json_t *document)
{
    (void)document;
}

static void of_another_author(json_t *document)
{
    json_object_set_new(json_object_get(document, "author"), "id", json_string(EXPERT_2));
}

static void of_another_case(json_t *document)
{
    json_object_set_new(document, "consultationId", json_string("con_other"));
}

static void of_another_request(json_t *document)
{
    json_object_set_new(document, "requestSha256", json_string("00"));
}

static void over_another_text(json_t *document)
{
    json_object_set_new(json_object_get(document, "supersedes"), "sha256", json_string("00"));
}

static void of_another_form(json_t *document)
{
    json_object_set_new(document, "schema", json_string("shanqiao.opinion.v9"));
}

static void of_another_algorithm(json_t *document)
{
    json_object_set_new(document, "algorithm", json_string("none"));
}

Test(evidence, what_an_expert_signed_must_fit_the_rest)
{
    static const struct {
        int n;
        void (*change)(json_t *document);
        const char *code;
    } cases[] = {
        {1, nothing, "ok"},
        {1, of_another_author, "other_signer"},
        {1, of_another_case, "other_case"},
        {1, of_another_request, "other_request"},
        {1, over_another_text, "other_version"},
        {1, of_another_form, "unknown_format"},
        {1, of_another_algorithm, "unknown_format"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct export_verdict v = resigned(cases[i].n, cases[i].change);
        cr_expect_str_eq(v.code, cases[i].code, "%zu: %s %s", i, v.code, v.file);
    }
}

Test(evidence, the_installations_certificate_must_have_been_valid_at_the_export)
{
    struct package it = unpacked();
    const struct package_part *part = &it.parts[PACKAGE_CONSULTATION];
    json_t *record = json_loadb((const char *)part->data, part->len_bytes, 0, NULL);
    other_time(record);
    char *text = opinion_canonical(record);
    it.parts[PACKAGE_CONSULTATION] = (struct package_part){(const uint8_t *)text, strlen(text)};
    struct export_verdict v = repacked(&it, true);
    cr_expect_str_eq(v.code, "chain");
    cr_expect_str_eq(v.file, "manifest.pem");
    free(text);
    json_decref(record);
}

Test(evidence, keys_of_others_do_not_sign)
{
    struct x509_request ca = {.common_name = "Another CA",
                              .from_utc_us = p.utc_us - TIME_US_PER_S,
                              .until_utc_us = p.utc_us + 3600 * TIME_US_PER_S,
                              .authority = true};
    EVP_PKEY *key = x509_new_key();
    X509 *other = x509_issue(&ca, key, NULL, NULL);
    char *pem = x509_to_pem(other);
    struct package it = unpacked();
    it.parts[PACKAGE_CA] = (struct package_part){(const uint8_t *)pem, strlen(pem)};
    struct export_verdict v = repacked(&it, true);
    cr_expect_str_eq(v.code, "chain");
    v = forged(package_of(0, PACKAGE_CERTIFICATE), pem, strlen(pem));
    cr_expect_str_eq(v.code, "signature");
    it = unpacked();
    it.parts[PACKAGE_MANIFEST_CERTIFICATE] = it.parts[package_of(0, PACKAGE_CERTIFICATE)];
    v = repacked(&it, true);
    cr_expect_str_eq(v.code, "other_signer", "an expert's key is not the installation's");
    case_write("other.pem", pem, strlen(pem));
    cr_expect_eq(case_ctl("verify --ca @other.pem @a.zip"), CTL_BAD);
    cr_expect_not_null(strstr(said, "CA of --ca"), "%s", said);
    free(pem);
    X509_free(other);
    EVP_PKEY_free(key);
}

Test(evidence, sizes_and_names_are_bounded)
{
    static const char *const tricks[] = {"../../etc/x", "/etc/passwd", "audit.jso\\"};
    struct export_verdict v;
    uint8_t *copy = malloc(zip.len_bytes);
    for (size_t i = 0; i < sizeof(tricks) / sizeof(tricks[0]); i++) {
        memcpy(copy, zip.data, zip.len_bytes);
        memcpy(copy + 30, tricks[i], strlen("audit.json")); /* the first local header's name */
        v = verdict_of(copy, zip.len_bytes);
        cr_expect_str_eq(v.code, "container");
    }
    memcpy(copy, zip.data, zip.len_bytes);
    memset(copy + 18, 0xff, 8); /* both sizes: 4 GiB */
    v = verdict_of(copy, zip.len_bytes);
    cr_expect_str_eq(v.code, "size");
    copy[8] = 8; /* deflated: is never inflated */
    v = verdict_of(copy, zip.len_bytes);
    cr_expect_str_eq(v.code, "container");
    free(copy);
}

/* The request keeps what was asked for, the record what became of it. */
Test(evidence, what_triage_changed_does_not_spoil_it)
{
    struct export_bytes again = {0};
    cr_assert_eq(STORE_RUN(p.service.store,
                           "UPDATE consultation SET urgency = 'routine', specialty = 'surgery'"
                           " WHERE id = $1",
                           sv_text(id)),
                 1);
    export_to(&again);
    struct export_verdict v = verdict_of(again.data, again.len_bytes);
    cr_expect(v.good, "%s %s", v.code, v.file);
    free(again.data);
}
