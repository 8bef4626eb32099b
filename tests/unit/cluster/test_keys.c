/* SPDX-License-Identifier: Apache-2.0 */
/* The key file: what is read, and which line is at fault. */
#include "cluster/cluster.h"
#include "shanqiao/error.h"
#include "tests/support/temporary.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEX_A "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define HEX_B "FFfefdfcfbfaf9f8f7f6f5f4f3f2f1f0efeeedecebeae9e8e7e6e5e4e3e2e1e0"

static struct cluster_key keys[CLUSTER_KEYS_MAX];
static size_t count;
static int line;

static int read_text(const char *text, size_t len_bytes, mode_t mode)
{
    char path[64];
    int fd = temporary_file(path, sizeof path, "keys");
    cr_assert_eq(write(fd, text, len_bytes), (ssize_t)len_bytes);
    cr_assert_eq(fchmod(fd, mode), 0);
    int rc = cluster_keys_read(path, keys, &count, &line);
    close(fd);
    unlink(path);
    return rc;
}

static int read_keys(const char *text)
{
    return read_text(text, strlen(text), 0600);
}

Test(keys, one_and_two_are_read)
{
    cr_assert_eq(read_keys("7 " HEX_A "\n"), 0);
    cr_assert_eq(count, 1);
    cr_assert_eq(keys[0].id, 7);
    for (int i = 0; i < CLUSTER_KEY_BYTES; i++)
        cr_assert_eq(keys[0].secret[i], i);
    cr_assert_eq(read_keys("# keys\n\n  4294967295\t" HEX_B "  # new\r\n0 " HEX_A), 0);
    cr_assert_eq(count, 2);
    cr_assert_eq(keys[0].id, UINT32_MAX);
    cr_assert_eq(keys[0].secret[31], 0xe0);
    cr_assert_eq(keys[1].id, 0);
}

Test(keys, a_wrong_line_is_named)
{
    static const struct {
        const char *text;
        int line;
    } wrong[] = {
        {"x " HEX_A "\n", 1},
        {"# c\n\n1 " HEX_A "0\n", 3},
        {"1 " HEX_A "\n1 " HEX_B "\n", 2},
        {"1 " HEX_A "\n2 " HEX_B "\n3 " HEX_A "\n", 3},
        {"1 abcd\n", 1},
        {"4294967296 " HEX_A "\n", 1},
        {"1" HEX_A "\n", 1},
        {"1 " HEX_A " more\n", 1},
        {"-1 " HEX_A "\n", 1},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        cr_assert_eq(read_keys(wrong[i].text), SQ_ERR_INVALID, "%zu", i);
        cr_assert_eq(line, wrong[i].line, "%zu: line %d", i, line);
        cr_assert_eq(count, 0);
        cr_assert_eq(keys[0].secret[5], 0, "a secret stayed behind");
    }
    cr_assert_eq(read_keys("# nothing\n"), SQ_ERR_INVALID);
    cr_assert_eq(read_text("1 " HEX_A "\n\0more", 73, 0600), SQ_ERR_INVALID);
}

Test(keys, files_that_others_can_touch_are_refused)
{
    const char *text = "1 " HEX_A "\n";
    cr_assert_eq(read_text(text, strlen(text), 0604), SQ_ERR_DENIED);
    cr_assert_eq(read_text(text, strlen(text), 0602), SQ_ERR_DENIED);
    cr_assert_eq(read_text(text, strlen(text), 0620), SQ_ERR_DENIED);
    cr_assert_eq(read_text(text, strlen(text), 0640), 0);
}

Test(keys, a_file_that_is_none_is_refused)
{
    cr_assert_eq(cluster_keys_read("/nonexistent/keys", keys, &count, &line), SQ_ERR_IO);
    cr_assert_eq(cluster_keys_read("/tmp", keys, &count, &line), SQ_ERR_IO);
    static char big[5000];
    memset(big, '#', sizeof big);
    cr_assert_eq(read_text(big, sizeof big, 0600), SQ_ERR_INVALID);
}
