/* SPDX-License-Identifier: Apache-2.0 */
/* Sealing: what goes in comes out, nothing else opens, keys rotate, key files are private. */
#include "shanqiao/error.h"
#include "signaling/store/vault.h"
#include "tests/support/temporary.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[64], file[96], error[VAULT_ERROR_MAX];
static struct vault *v;
static const struct vault_place here = {"t", "row", "column"};

static void up(void)
{
    temporary_folder(dir, sizeof dir, "vault");
    snprintf(file, sizeof(file), "%s/master.key", dir);
    cr_assert_eq(vault_create(file), 0);
    cr_assert_eq(vault_open(&v, file, error), 0, "%s", error);
}

static void down(void)
{
    vault_close(v);
    v = NULL;
    unlink(file);
    rmdir(dir);
}

TestSuite(vault, .init = up, .fini = down);

static void write_keys(const char *text, mode_t mode)
{
    FILE *f = fopen(file, "w");
    cr_assert_not_null(f);
    fputs(text, f);
    fclose(f);
    chmod(file, mode);
}

#define KEY_A "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define KEY_B "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210"

Test(vault, there_and_back)
{
    uint8_t *sealed = NULL, *plain = NULL;
    size_t len = 0, plain_len = 0;
    cr_assert_eq(vault_seal(v, &here, "chest pain", 10, &sealed, &len), 0);
    cr_expect_eq(len, 10 + VAULT_OVERHEAD);
    cr_expect_null(memmem(sealed, len, "chest", 5));
    cr_assert_eq(vault_unseal(v, &here, sealed, len, &plain, &plain_len), 0);
    cr_expect_str_eq((char *)plain, "chest pain");
    cr_expect_eq(plain_len, 10);
    free(plain);
    free(sealed);
}

Test(vault, every_flipped_bit_and_every_cut_is_found)
{
    uint8_t *sealed = NULL, *plain = NULL;
    size_t len = 0, plain_len = 0;
    cr_assert_eq(vault_seal(v, &here, "abc", 3, &sealed, &len), 0);
    for (size_t bit = 0; bit < len * 8; bit++) {
        sealed[bit / 8] ^= (uint8_t)(1u << bit % 8);
        cr_expect_eq(vault_unseal(v, &here, sealed, len, &plain, &plain_len), SQ_ERR_FORGED);
        cr_expect_null(plain);
        sealed[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    for (size_t cut = 0; cut < len; cut++)
        cr_expect_eq(vault_unseal(v, &here, sealed, cut, &plain, &plain_len), SQ_ERR_FORGED);
    cr_expect_eq(vault_unseal(v, &here, NULL, 0, &plain, &plain_len), SQ_ERR_FORGED);
    free(sealed);
}

Test(vault, a_value_moved_elsewhere_does_not_open)
{
    static const struct vault_place places[] = {{"u", "row", "column"},
                                                {"t", "other", "column"},
                                                {"t", "row", "other"},
                                                {"tr", "ow", "column"}};
    uint8_t *sealed = NULL, *plain = NULL;
    size_t len = 0, plain_len = 0;
    cr_assert_eq(vault_seal(v, &here, "abc", 3, &sealed, &len), 0);
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
        cr_expect_eq(vault_unseal(v, &places[i], sealed, len, &plain, &plain_len), SQ_ERR_FORGED);
    free(sealed);
}

Test(vault, an_existing_key_is_never_overwritten)
{
    struct stat st;
    cr_expect_eq(vault_create(file), SQ_ERR_CONFLICT);
    cr_assert_eq(stat(file, &st), 0);
    cr_expect_eq(st.st_mode & 0777, 0600);
}

Test(vault, a_key_that_others_may_read_is_refused)
{
    struct vault *other = NULL;
    chmod(file, 0640);
    cr_expect_eq(vault_open(&other, file, error), SQ_ERR_DENIED);
    cr_expect_null(other);
}

Test(vault, keys_rotate_without_a_gap)
{
    struct vault *before = NULL, *after = NULL;
    uint8_t *old_value = NULL, *new_value = NULL, *plain = NULL;
    size_t old_len = 0, new_len = 0, len = 0;
    write_keys("1 " KEY_A "\n", 0600);
    cr_assert_eq(vault_open(&before, file, error), 0, "%s", error);
    cr_assert_eq(vault_seal(before, &here, "old", 3, &old_value, &old_len), 0);
    write_keys("# new first\n2 " KEY_B "\n\n1 " KEY_A " # old\n", 0600);
    cr_assert_eq(vault_open(&after, file, error), 0, "%s", error);
    cr_expect_eq(vault_unseal(after, &here, old_value, old_len, &plain, &len), 0);
    free(plain);
    cr_assert_eq(vault_seal(after, &here, "new", 3, &new_value, &new_len), 0);
    cr_expect_eq(vault_unseal(before, &here, new_value, new_len, &plain, &len), SQ_ERR_FORGED);
    free(old_value);
    free(new_value);
    vault_close(before);
    vault_close(after);
}

Test(vault, broken_key_files_are_named)
{
    static const char *const broken[] = {"",
                                         "# nothing\n",
                                         "1\n",
                                         "x " KEY_A "\n",
                                         "0 " KEY_A "\n",
                                         "1 " KEY_A "00\n",
                                         "1 0123\n",
                                         "1 " KEY_A " more\n",
                                         "99999999999 " KEY_A "\n"};
    for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
        struct vault *other = NULL;
        write_keys(broken[i], 0600);
        cr_expect_eq(vault_open(&other, file, error), SQ_ERR_INVALID, "case %zu", i);
        cr_expect_null(other);
        cr_expect_neq(strstr(error, "line"), NULL);
    }
    struct vault *other = NULL;
    unlink(file);
    cr_expect_eq(vault_open(&other, file, error), SQ_ERR_IO);
}
