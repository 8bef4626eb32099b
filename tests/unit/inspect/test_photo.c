/* SPDX-License-Identifier: Apache-2.0 */
/* Location goes, pixels stay. */
#include "inspect/photo.h"
#include "tests/unit/inspect/files.h"
#include <string.h>

#define PHOTO "iphone5_orientation3_gps_816.jpg"

static bool holds(const uint8_t *bytes, size_t len, const char *mark)
{
    return memmem(bytes, len, mark, strlen(mark)) != NULL;
}

/* From the first scan on. */
static const uint8_t *scan_of(const uint8_t *bytes, size_t len)
{
    return memmem(bytes, len, "\xff\xda", 2);
}

Test(photo, a_phones_photo_keeps_orientation_time_and_every_coded_byte)
{
    size_t len = 0, out_len = 0;
    struct photo photo, again;
    uint8_t *bytes = file_read(PHOTO, &len), *out = malloc(len + PHOTO_GROWTH_MAX);
    cr_assert(holds(bytes, len, "Apple"));
    cr_assert(photo_strip(KIND_JPEG, bytes, len, out, &out_len, &photo));
    cr_expect_eq(photo.width, 816);
    cr_expect_eq(photo.height, 612);
    cr_expect_eq(photo.orientation, 3);
    cr_expect_str_eq(photo.taken, "2012:09:29 16:11:25");
    cr_expect_not(holds(out, out_len, "Apple"));
    cr_expect_not(holds(out, out_len, "iPhone"));
    /* the original holds a thumbnail with a scan of its own, so the last scan is compared */
    const uint8_t *scan = scan_of(out, out_len);
    size_t scan_len = (size_t)(out + out_len - scan);
    cr_expect_arr_eq(scan, bytes + len - scan_len, scan_len);
    cr_assert(photo_strip(KIND_JPEG, out, out_len, bytes, &len, &again));
    cr_expect_eq(again.orientation, 3, "what was written can be read");
    cr_expect_str_eq(again.taken, photo.taken);
    cr_expect_eq(len, out_len, "a second time nothing is left to strip");
    cr_expect_arr_eq(bytes, out, out_len);
    free(bytes);
    free(out);
}

Test(photo, a_photo_without_metadata_stays_as_it_is)
{
    size_t len = 0, out_len = 0;
    struct photo photo;
    uint8_t *bytes = file_read("medical_fundus_retina.jpg", &len),
            *out = malloc(len + PHOTO_GROWTH_MAX);
    cr_assert(photo_strip(KIND_JPEG, bytes, len, out, &out_len, &photo));
    cr_expect_eq(photo.orientation, 1);
    cr_expect_leq(out_len, len);
    free(bytes);
    free(out);
}

Test(photo, no_cut_and_no_flipped_byte_does_harm)
{
    size_t len = 0, out_len = 0;
    struct photo photo;
    uint8_t *bytes = file_read(PHOTO, &len);
    size_t head = 20000; /* the EXIF segment and the tables */
    for (size_t n = 0; n < head; n += 7) {
        uint8_t *cut = malloc(n + 1), *out = malloc(n + 1 + PHOTO_GROWTH_MAX);
        memcpy(cut, bytes, n);
        cr_expect_not(photo_strip(KIND_JPEG, cut, n, out, &out_len, &photo), "%zu", n);
        free(cut);
        free(out);
    }
    uint8_t *out = malloc(len + PHOTO_GROWTH_MAX);
    for (size_t n = 0; n < head; n += 3) {
        bytes[n] ^= 0xff;
        if (photo_strip(KIND_JPEG, bytes, len, out, &out_len, &photo))
            cr_expect_leq(out_len, len + PHOTO_GROWTH_MAX);
        bytes[n] ^= 0xff;
    }
    free(out);
    free(bytes);
}

#define PNG_HEAD "\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\2\0\0\0\3\x08\2\0\0\0CRC_"
#define PNG_DATA "\0\0\0\4IDAT\1\2\3\4CRC_"
#define PNG_END  "\0\0\0\0IEND\xae\x42\x60\x82"

Test(photo, a_png_loses_text_and_keeps_its_picture)
{
    static const char png[] = PNG_HEAD "\0\0\0\x0ctEXtGPS is here.CRC_" PNG_DATA PNG_END "trailer";
    static const char want[] = PNG_HEAD PNG_DATA PNG_END;
    uint8_t out[sizeof png + PHOTO_GROWTH_MAX];
    size_t len = 0;
    struct photo photo;
    cr_assert(photo_strip(KIND_PNG, (const uint8_t *)png, sizeof png - 1, out, &len, &photo));
    cr_expect_eq(photo.width, 2);
    cr_expect_eq(photo.height, 3);
    cr_assert_eq(len, sizeof want - 1);
    cr_expect_arr_eq(out, want, len);
}

Test(photo, a_png_without_picture_or_end_is_refused)
{
    static const char empty[] = PNG_HEAD PNG_END, endless[] = PNG_HEAD PNG_DATA;
    struct photo photo;
    cr_expect_not(
        photo_strip(KIND_PNG, (const uint8_t *)empty, sizeof empty - 1, NULL, NULL, &photo));
    cr_expect_not(
        photo_strip(KIND_PNG, (const uint8_t *)endless, sizeof endless - 1, NULL, NULL, &photo));
}

Test(photo, exif_of_either_byte_order_is_read_and_what_lies_outside_is_not)
{
    static const uint8_t little[] = "II*\0\x08\0\0\0\1\0\x12\1\3\0\1\0\0\0\6\0\0\0\0\0\0\0";
    static const uint8_t far[] = "MM\0*\xff\xff\xff\xf0";
    struct photo photo = {.orientation = 1};
    exif_read(little, sizeof little - 1, &photo);
    cr_expect_eq(photo.orientation, 6);
    photo.orientation = 1;
    exif_read(far, sizeof far - 1, &photo);
    cr_expect_eq(photo.orientation, 1);
    struct photo said = {.orientation = 8, .taken = "2026:01:31 08:15:00"},
                 read = {.orientation = 1};
    uint8_t fresh[EXIF_FRESH_MAX];
    size_t len = exif_write(&said, fresh);
    cr_assert(len > 0 && len <= EXIF_FRESH_MAX);
    exif_read(fresh, len, &read);
    cr_expect_eq(read.orientation, 8);
    cr_expect_str_eq(read.taken, said.taken);
    cr_expect_eq(exif_write(&(struct photo){.orientation = 1}, fresh), 0);
}
