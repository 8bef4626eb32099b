/* SPDX-License-Identifier: Apache-2.0 */
/* The words of tus: what is read, and which refusal fits. */
#include "signaling/materials/tus.h"

#include <criterion/criterion.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#define ZEROS "0000000000000000000000000000000000000000000000000000000000000000"

/* "key base64" behind what is there. */
static void add(char *out, size_t size, const char *key, const char *value)
{
    char text[1024];
    size_t n = strlen(out);
    sodium_bin2base64(text, sizeof text, (const unsigned char *)value, strlen(value),
                      sodium_base64_VARIANT_ORIGINAL);
    snprintf(out + n, size - n, "%s%s %s", n ? "," : "", key, text);
}

static char *metadata(void)
{
    static char text[2048];
    text[0] = '\0';
    add(text, sizeof text, "filename", "胸片 1.dcm");
    add(text, sizeof text, "type", "dicom");
    add(text, sizeof text, "consultation", "con_1");
    add(text, sizeof text, "sha256", ZEROS);
    return text;
}

static struct tus_request creation(void)
{
    return (struct tus_request){
        .resumable = "1.0.0", .upload_length = "123", .metadata = metadata()};
}

static unsigned create(const struct tus_request *r)
{
    struct tus_creation c;
    struct tus_refusal no = {0};
    bool ok = tus_read_creation(r, &c, &no);
    cr_expect_eq(ok, no.status == 0);
    cr_expect(ok || (no.en && no.zh));
    return no.status;
}

Test(tus, a_creation_is_read)
{
    struct tus_request r = creation();
    struct tus_creation c;
    struct tus_refusal no = {0};
    add((char *)r.metadata, 2048, "preview", "1");
    add((char *)r.metadata, 2048, "header", "mat_2");
    add((char *)r.metadata, 2048, "somethingElse", "\x01\xff");
    cr_assert(tus_read_creation(&r, &c, &no));
    cr_expect_eq(c.bytes, 123);
    cr_expect_str_eq(c.name, "胸片 1.dcm");
    cr_expect_str_eq(c.type, "dicom");
    cr_expect_str_eq(c.consultation, "con_1");
    cr_expect_str_eq(c.header, "mat_2");
    cr_expect(c.preview);
}

Test(tus, versions_and_lengths_must_be_those_we_know)
{
    static const char *const lengths[] = {
        NULL,           "", "0", "-1", "+1", " 1", "1 ", "0x10", "1e3", "99999999999999999999",
        "1099511627777"};
    struct tus_request r = creation();
    r.resumable = NULL;
    cr_expect_eq(create(&r), 412);
    r.resumable = "1.0.1";
    cr_expect_eq(create(&r), 412);
    r = creation();
    r.defer_length = "1";
    cr_expect_eq(create(&r), 400);
    r = creation();
    r.body_bytes = 1;
    cr_expect_eq(create(&r), 400);
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        r = creation();
        r.upload_length = lengths[i];
        cr_expect_eq(create(&r), 400, "%zu", i);
    }
}

Test(tus, metadata_that_lies_or_lacks_is_refused)
{
    static const char *const bad[][2] = {
        {"filename", "../../etc/passwd"}, {"filename", "a\\b"},     {"filename", "a\nb"},
        {"filename", "\xff\xfe"},         {"filename", "x\u202ey"}, {"type", "a b"},
        {"consultation", "con_1"},        {"sha256", ZEROS},        {"header", "a/b"}};
    struct tus_request r = creation();
    r.metadata = NULL;
    cr_expect_eq(create(&r), 400);
    r.metadata = "type";
    cr_expect_eq(create(&r), 400);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) { /* the last two: twice */
        r = creation();
        add((char *)r.metadata, 2048, bad[i][0], bad[i][1]);
        cr_expect_eq(create(&r), 400, "%s", bad[i][1]);
    }
    static const char *const raw[] = {"type ZGljb20", "type ZGljb20=x", " ", ",,",
                                      "type  ZGljb20="};
    for (size_t i = 0; i < sizeof raw / sizeof raw[0]; i++) {
        r.metadata = raw[i];
        cr_expect_eq(create(&r), 400, "%s", raw[i]);
    }
}

static struct tus_request piece(void)
{
    return (struct tus_request){.resumable = "1.0.0",
                                .content_type = "application/offset+octet-stream",
                                .upload_offset = "10",
                                .body_bytes = 5};
}

static unsigned patch(const struct tus_request *r, const struct tus_upload *u)
{
    struct tus_patch p;
    struct tus_refusal no = {0};
    if (tus_read_patch(r, &p, &no))
        (void)tus_fits(&p, u, &no);
    return no.status;
}

Test(tus, each_pair_of_offset_and_upload_has_its_answer)
{
    static const struct {
        const char *offset;
        uint64_t body;
        struct tus_upload upload;
        unsigned status;
    } rows[] = {
        {"10", 5, {15, 10, false}, 0},
        {"10", 0, {10, 10, false}, 0},
        {"10", 6, {15, 10, false}, 413},
        {"9", 5, {15, 10, false}, 409},
        {"11", 4, {15, 10, false}, 409},
        {"10", 5, {15, 10, true}, 423},
        {"-1", 5, {15, 10, false}, 400},
        {NULL, 5, {15, 10, false}, 400},
        {"10", UINT64_MAX, {15, 10, false}, 413},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct tus_request r = piece();
        r.upload_offset = rows[i].offset;
        r.body_bytes = rows[i].body;
        cr_expect_eq(patch(&r, &rows[i].upload), rows[i].status, "row %zu", i);
    }
}

Test(tus, types_and_checksums)
{
    static const struct tus_upload u = {15, 10, false};
    struct tus_request r = piece();
    struct tus_patch p;
    struct tus_refusal no = {0};
    r.content_type = "application/octet-stream";
    cr_expect_eq(patch(&r, &u), 415);
    r.content_type = NULL;
    cr_expect_eq(patch(&r, &u), 415);
    static const char *const bad[] = {
        "",        "sha1 AAAA",   "sha256",
        "sha256 ", "sha256 AAAA", "sha256  AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        r = piece();
        r.checksum = bad[i];
        cr_expect_eq(patch(&r, &u), 400, "%s", bad[i]);
    }
    r = piece();
    r.checksum = "sha256 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    cr_assert(tus_read_patch(&r, &p, &no));
    cr_expect(p.checked);
}
