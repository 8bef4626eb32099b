/* SPDX-License-Identifier: Apache-2.0 */
/* What an upload refuses before it sends anything, and that it minds every address it was given.
 * Sending itself is tested against the real server (tests/integration/materials). */
#include "client-lib/io/uploader.h"
#include "shanqiao/error.h"
#include "tests/support/temporary.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char dir[64];

static void up(void)
{
    temporary_folder(dir, sizeof dir, "upload");
}

static void down(void)
{
    rmdir(dir);
}

TestSuite(upload, .init = up, .fini = down);

/* Starts one with a file of that name and takes it back. */
static int start(const char *url, const char *name, const char *header)
{
    char path[512];
    sq_upload *u = NULL;
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *f = fopen(path, "w");
    cr_assert(f);
    fputs("content", f);
    fclose(f);
    const struct uploader_config c = {.url = url,
                                      .token = "token",
                                      .type = "pdf",
                                      .consultation = "con_1",
                                      .file = path,
                                      .header = header};
    int err = uploader_start(&u, &c);
    cr_expect_eq(u == NULL, err != 0);
    sq_upload_free(u);
    unlink(path);
    return err;
}

Test(upload, every_address_has_to_be_one)
{
    static const char *const bad[] = {"",
                                      ",",
                                      "https://a/v1",
                                      "wss://",
                                      "wss:///v1",
                                      "wss://127.0.0.1:1/v1,http://b/v1",
                                      "wss://127.0.0.1:1/v1,,wss://127.0.0.1:1/v1"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        cr_expect_eq(start(bad[i], "a.pdf", NULL), SQ_ERR_INVALID, "%s", bad[i]);
    cr_expect_eq(start("wss://127.0.0.1:1/v1", "a.pdf", NULL), 0);
    cr_expect_eq(start("wss://127.0.0.1:1/v1,wss://127.0.0.1:2/v1", "a.pdf", NULL), 0);
}

Test(upload, what_does_not_fit_the_metadata_is_refused_and_not_cut)
{
    char name[202] = "", header[2000] = "";
    memset(name, 'n', 200);
    cr_expect_eq(start("wss://127.0.0.1:1/v1", name, NULL), 0);
    name[200] = 'n';
    cr_expect_eq(start("wss://127.0.0.1:1/v1", name, NULL), SQ_ERR_INVALID);
    memset(header, 'h', 1450);
    cr_expect_eq(start("wss://127.0.0.1:1/v1", "a.dat", header), SQ_ERR_INVALID);
    memset(header, 'h', sizeof header - 1);
    cr_expect_eq(start("wss://127.0.0.1:1/v1", "a.dat", header), SQ_ERR_INVALID);
}
