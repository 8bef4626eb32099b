/* SPDX-License-Identifier: Apache-2.0 */
/* Byte cursors: network order, and failure that sticks. */
#include "base/bytes.h"
#include <criterion/criterion.h>

static const uint8_t SAMPLE[] = {0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09,
                                 0x0a, 0x0b, 0x0c, 0x0d, 0x0e, 0x0f, 0x10, 0x11, 0x12};

Test(bytes, reads_network_order)
{
    struct byte_reader r = byte_reader_of(SAMPLE, sizeof SAMPLE);
    cr_assert_eq(byte_read_u8(&r), 0x01);
    cr_assert_eq(byte_read_u16(&r), 0x0203);
    cr_assert_eq(byte_read_u24(&r), 0x040506);
    cr_assert_eq(byte_read_u32(&r), 0x0708090a);
    cr_assert_eq(byte_read_u64(&r), UINT64_C(0x0b0c0d0e0f101112));
    cr_assert_eq(byte_reader_left(&r), 0);
    cr_assert(!r.failed);
}

Test(bytes, a_short_read_fails_and_stays_failed)
{
    struct byte_reader r = byte_reader_of(SAMPLE, 3);
    cr_assert_eq(byte_read_u32(&r), 0);
    cr_assert(r.failed);
    cr_assert_eq(byte_read_u8(&r), 0, "bytes are left, but the reader has failed");
    cr_assert_null(byte_read(&r, 0));
}

Test(bytes, nothing_is_readable_from_null)
{
    struct byte_reader r = byte_reader_of(NULL, 0);
    cr_assert_eq(byte_reader_left(&r), 0);
    cr_assert_eq(byte_read_u8(&r), 0);
    cr_assert(r.failed);
}

Test(bytes, writes_what_it_reads)
{
    uint8_t out[sizeof SAMPLE];
    struct byte_writer w = byte_writer_of(out, sizeof out);
    byte_write_u8(&w, 0x01);
    byte_write_u16(&w, 0x0203);
    byte_write_u24(&w, 0x040506);
    byte_write_u32(&w, 0x0708090a);
    byte_write_u64(&w, UINT64_C(0x0b0c0d0e0f101112));
    cr_assert_eq(byte_writer_len(&w), sizeof SAMPLE);
    cr_assert_arr_eq(out, SAMPLE, sizeof SAMPLE);
    cr_assert(!w.failed);
}

Test(bytes, a_full_writer_fails_whole_and_stays_failed)
{
    uint8_t out[4] = {0xee, 0xee, 0xee, 0xee};
    struct byte_writer w = byte_writer_of(out, 3);
    byte_write_u32(&w, 0);
    cr_assert(w.failed);
    byte_write_u8(&w, 0);
    cr_assert_eq(byte_writer_len(&w), 0);
    cr_assert_eq(out[0], 0xee);
}

Test(bytes, reserve_gives_room_inside)
{
    uint8_t out[4];
    struct byte_writer w = byte_writer_of(out, sizeof out);
    cr_assert_eq(byte_reserve(&w, 3), out);
    cr_assert_null(byte_reserve(&w, 2));
}
