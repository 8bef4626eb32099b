/* SPDX-License-Identifier: Apache-2.0 */
/* Encrypted files: what is kept, what a crash may tear, what a forger may not do. */
#include "signaling/materials/box.h"

#include "shanqiao/error.h"
#include "tests/support/temporary.h"
#include <criterion/criterion.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ID "upl_1"
static char directory[64];
static const uint8_t key[BOX_KEY_BYTES] = {1, 2, 3};
static uint8_t record[BOX_RECORD_MAX];

static void set_up(void)
{
    cr_assert(sodium_init() >= 0);
    temporary_folder(directory, sizeof directory, "box");
}

static void tear_down(void)
{
    (void)box_remove(directory, ID);
    rmdir(directory);
}

TestSuite(box, .init = set_up, .fini = tear_down);

static const char *path(void)
{
    static char text[sizeof directory + 16];
    snprintf(text, sizeof text, "%s/" ID, directory);
    return text;
}

static off_t size(void)
{
    struct stat s;
    cr_assert_eq(stat(path(), &s), 0);
    return s.st_size;
}

static struct box filled(const char *const *pieces, size_t count)
{
    struct box b;
    cr_assert_eq(box_create(&b, directory, ID, key), 0);
    for (size_t i = 0; i < count; i++)
        cr_assert_eq(box_append(&b, pieces[i], strlen(pieces[i]), false), 0);
    cr_assert_eq(box_sync(&b), 0);
    return b;
}

static void expect_text(struct box *b, const char *want)
{
    struct box_reader r = {.box = b};
    char text[256] = "";
    size_t len = 0, n = 0;
    do {
        cr_assert_eq(box_next(&r, record, &n), 0);
        memcpy(text + len, record, n);
        len += n;
    } while (n > 0);
    text[len] = '\0';
    cr_expect_str_eq(text, want);
}

static const char *const three[] = {"one ", "two ", "three"};

Test(box, what_was_appended_is_there_after_opening)
{
    struct box b = filled(three, 3), again;
    box_close(&b);
    cr_assert_eq(box_open(&again, directory, ID, key), 0);
    cr_expect_eq(again.bytes, 13);
    expect_text(&again, "one two three");
    cr_assert_eq(box_append(&again, " four", 5, false), 0);
    expect_text(&again, "one two three four");
    box_close(&again);
}

Test(box, every_torn_end_costs_the_last_record_only)
{
    struct box b = filled(three, 3);
    off_t whole = size(), before = (off_t)b.disk - 5 - 44;
    box_close(&b);
    for (off_t cut = whole - 1; cut >= before; cut--) {
        cr_assert_eq(truncate(path(), cut), 0);
        cr_assert_eq(box_open(&b, directory, ID, key), 0, "%ld", (long)cut);
        expect_text(&b, "one two ");
        cr_expect_eq(size(), before, "the torn part is gone from the disk");
        cr_assert_eq(box_append(&b, "three", 5, false), 0);
        box_close(&b);
    }
}

Test(box, zeros_behind_the_end_are_no_records)
{
    struct box b = filled(three, 3);
    off_t whole = size();
    box_close(&b);
    cr_assert_eq(truncate(path(), whole + 500), 0);
    cr_assert_eq(box_open(&b, directory, ID, key), 0);
    expect_text(&b, "one two three");
    cr_expect_eq(size(), whole);
    box_close(&b);
}

Test(box, provisional_bytes_count_from_their_mark_on)
{
    struct box b = filled(three, 1);
    cr_assert_eq(box_append(&b, "two ", 4, true), 0);
    box_close(&b);
    cr_assert_eq(box_open(&b, directory, ID, key), 0, "as after a crash");
    expect_text(&b, "one ");
    cr_assert_eq(box_append(&b, "two ", 4, true), 0);
    cr_assert_eq(box_rollback(&b), 0);
    cr_expect_eq(b.bytes, 4);
    cr_assert_eq(box_append(&b, "2 ", 2, true), 0);
    cr_assert_eq(box_commit(&b), 0);
    box_close(&b);
    cr_assert_eq(box_open(&b, directory, ID, key), 0);
    expect_text(&b, "one 2 ");
    box_close(&b);
}

static void flip(off_t at)
{
    uint8_t c = 0;
    int fd = open(path(), O_RDWR);
    cr_assert_eq(pread(fd, &c, 1, at), 1);
    c ^= 1;
    cr_assert_eq(pwrite(fd, &c, 1, at), 1);
    close(fd);
}

/* All of it, as a reader sees it; the error that ends it. */
static int read_through(const uint8_t *with)
{
    struct box b;
    size_t n = 0;
    int status = box_open(&b, directory, ID, with);
    if (status < 0)
        return status;
    struct box_reader r = {.box = &b};
    do {
        status = box_next(&r, record, &n);
    } while (status == 0 && n > 0);
    uint64_t bytes = b.bytes;
    box_close(&b);
    return status < 0 ? status : (int)bytes;
}

Test(box, one_flipped_bit_anywhere_is_noticed)
{
    struct box b = filled(three, 3);
    off_t whole = size();
    box_close(&b);
    char copy[512];
    int fd = open(path(), O_RDONLY);
    cr_assert_eq(read(fd, copy, sizeof copy), whole);
    close(fd);
    for (off_t at = 0; at < whole; at++) {
        flip(at);
        cr_expect_neq(read_through(key), 13, "%ld", (long)at);
        fd = open(path(), O_WRONLY | O_TRUNC);
        cr_assert_eq(write(fd, copy, (size_t)whole), whole);
        close(fd);
    }
    cr_expect_eq(read_through(key), 13);
    cr_expect_eq(read_through((const uint8_t[BOX_KEY_BYTES]){9}), SQ_ERR_FORGED);
}

Test(box, nothing_is_readable_on_the_disk_and_others_may_not_look)
{
    struct box b = filled((const char *const[]){"a name of a person"}, 1);
    struct stat s;
    char copy[512];
    box_close(&b);
    int fd = open(path(), O_RDONLY);
    ssize_t n = read(fd, copy, sizeof copy);
    close(fd);
    cr_expect_null(memmem(copy, (size_t)n, "person", 6));
    cr_assert_eq(stat(path(), &s), 0);
    cr_expect_eq(s.st_mode & 0777, 0600);
}

Test(box, any_byte_can_be_reached)
{
    struct box b;
    uint8_t *plain = malloc(200000);
    cr_assert_eq(box_create(&b, directory, ID, key), 0);
    for (size_t i = 0; i < 200000; i++)
        plain[i] = (uint8_t)(i * 31 >> 3);
    cr_assert_eq(box_append(&b, plain, 200000, false), 0);
    box_close(&b);
    static const uint64_t offsets[] = {0, 1, 65535, 65536, 131072, 199999};
    for (size_t i = 0; i < sizeof offsets / sizeof offsets[0]; i++) {
        struct box_place p = {directory, ID, key, 200000};
        uint64_t begin = 0;
        size_t len = 0;
        cr_assert_eq(box_read_at(&p, offsets[i], record, &begin, &len), 0);
        cr_assert(begin <= offsets[i] && offsets[i] < begin + len);
        cr_expect_arr_eq(record, plain + begin, len);
    }
    struct box_place shorter = {directory, ID, key, 199999};
    uint64_t begin = 0;
    size_t len = 0;
    cr_expect_eq(box_read_at(&shorter, 199998, record, &begin, &len), SQ_ERR_FORGED);
    free(plain);
}
