/* SPDX-License-Identifier: Apache-2.0 */
/* Limits, and content against type. */
#include "signaling/materials/types.h"

#include <criterion/criterion.h>
#include <string.h>

static const struct material_usage room = {.disk_free = 10ull << 30, .disk_reserve = 1ull << 30};

static unsigned admit(const char *type, uint64_t bytes, const struct material_usage *u)
{
    struct tus_creation c = {.bytes = bytes};
    struct tus_refusal no = {0};
    strncpy(c.type, type, sizeof c.type - 1);
    bool ok = material_admit(&c, u, &no);
    cr_expect_eq(ok, no.status == 0);
    return no.status;
}

Test(types, each_limit_has_its_border)
{
    struct material_usage u = room;
    cr_expect_eq(admit("photo", 20ull << 20, &u), 0);
    cr_expect_eq(admit("photo", (20ull << 20) + 1, &u), 413);
    cr_expect_eq(admit("film", 1, &u), 415);
    u.consultation_count = MATERIALS_COUNT_MAX;
    cr_expect_eq(admit("photo", 1, &u), 413);
    u = room;
    u.consultation_bytes = MATERIALS_CONSULTATION_MAX - 5;
    cr_expect_eq(admit("photo", 5, &u), 0);
    cr_expect_eq(admit("photo", 6, &u), 413);
    u = room;
    u.account_uploads = MATERIALS_UPLOADS_MAX;
    cr_expect_eq(admit("photo", 1, &u), 413);
    u = room;
    u.account_bytes = MATERIALS_ACCOUNT_MAX;
    cr_expect_eq(admit("photo", 1, &u), 413);
    u = room;
    u.disk_free = u.disk_reserve + 9;
    cr_expect_eq(admit("photo", 4, &u), 0);
    cr_expect_eq(admit("photo", 5, &u), 507);
    u.disk_free = 0;
    cr_expect_eq(admit("photo", 1, &u), 507);
}

static enum kind decide(const char *type, const char *bytes, size_t len,
                        const struct wfdb_header *h)
{
    struct tus_refusal no = {0};
    enum kind kind =
        material_kind(material_type_find(type), (const uint8_t *)bytes, len, len, h, &no);
    cr_expect_eq(kind == KIND_UNKNOWN, no.status == 415);
    return kind;
}

Test(types, content_decides_not_the_name)
{
    cr_expect_eq(decide("pdf", "%PDF-1.4", 8, NULL), KIND_PDF);
    cr_expect_eq(decide("photo", "%PDF-1.4", 8, NULL), KIND_UNKNOWN);
    cr_expect_eq(decide("pdf", "<html>", 6, NULL), KIND_UNKNOWN);
    cr_expect_eq(decide("dicom", "<html>", 6, NULL), KIND_UNKNOWN);
    cr_expect_eq(decide("dicom", "\x08\0\x05\0", 4, NULL), KIND_DICOM, "told unread later");
    cr_expect_eq(decide("dicom", "\xff\xd8\xff\0", 4, NULL), KIND_UNKNOWN);
    cr_expect_eq(decide("ecg", "\x08\0\x05\0", 4, NULL), KIND_UNKNOWN);
    cr_expect_eq(decide("photo",
                        "\0\0\0\x18"
                        "ftypheic",
                        12, NULL),
                 KIND_UNKNOWN);
}

Test(types, a_signal_is_as_long_as_its_header_says)
{
    struct wfdb_header h = {.signals = 2, .samples = 4, .format = 16};
    char bytes[17] = {0};
    cr_expect_eq(decide("ecg", bytes, 16, &h), KIND_WFDB_SIGNAL);
    cr_expect_eq(decide("ecg", bytes, 17, &h), KIND_UNKNOWN);
}
