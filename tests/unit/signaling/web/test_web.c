/* SPDX-License-Identifier: Apache-2.0 */
/* What browsers are told about pages, and which files of a directory are pages. */
#include "shanqiao/error.h"
#include "signaling/web/files.h"
#include "signaling/web/policy.h"
#include "tests/support/temporary.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct config_list origins = {
    2, {"https://shanqiao.example:8443", "http://shanqiao.example"}};

Test(web_policy, of_a_page)
{
    char csp[POLICY_CSP_MAX];
    policy_of_page("NONCE", "shanqiao.example:8443", &origins, csp);
    cr_assert_str_eq(
        csp, "default-src 'none'; script-src 'nonce-NONCE'; style-src 'self' "
             "'nonce-NONCE'; img-src 'self' blob: data:; media-src 'self' blob:; font-src "
             "'self'; connect-src 'self' wss://shanqiao.example:8443; worker-src 'self'; "
             "manifest-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action "
             "'self'");
}

Test(web_policy, names_no_host_that_is_not_ours)
{
    static const char *const hosts[] = {NULL,
                                        "",
                                        "evil.example",
                                        "shanqiao.example",
                                        "shanqiao.example:8443.evil.example",
                                        "shanqiao.example:8443; script-src *"};
    char csp[POLICY_CSP_MAX];
    for (size_t i = 0; i < sizeof hosts / sizeof hosts[0]; i++) {
        policy_of_page("N", hosts[i], &origins, csp);
        cr_assert(strstr(csp, "connect-src 'self'; worker-src") != NULL, "%s", csp);
    }
}

Test(web_policy, a_long_host_fits)
{
    struct config_list one = {.count = 1};
    char host[254], csp[POLICY_CSP_MAX];
    memset(host, 'a', sizeof host - 1);
    host[sizeof host - 1] = '\0';
    int n = snprintf(one.entries[0], sizeof one.entries[0], "https://%s", host);
    if ((size_t)n >= sizeof one.entries[0])
        return;
    policy_of_page("ABCDEFGHIJKLMNOPQRSTUV", host, &one, csp);
    cr_assert_str_eq(csp + strlen(csp) - 18, "form-action 'self'");
}

Test(web_policy, no_wildcard_and_no_inline)
{
    char csp[POLICY_CSP_MAX];
    policy_of_page("N", NULL, &origins, csp);
    static const char *const refused[] = {"unsafe-inline", "unsafe-eval", "*", "http:", "data:;"};
    for (size_t i = 0; i < 4; i++)
        cr_assert(strstr(csp, refused[i]) == NULL, "%s", refused[i]);
}

Test(web_policy, types)
{
    static const struct {
        const char *name, *type;
    } cases[] = {{"a.mjs", "text/javascript; charset=utf-8"},
                 {"a.webmanifest", "application/manifest+json"},
                 {"a.wasm", "application/wasm"},
                 {"a.tar.js", "text/javascript; charset=utf-8"}};
    static const char *const none[] = {"", "a", "a.", "a.txt", "a.js.gz", ".js", "a.JS", "js"};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        cr_assert_str_eq(policy_type(cases[i].name), cases[i].type);
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
        cr_assert(policy_type(none[i]) == NULL, "%s", none[i]);
}

Test(web_policy, immutable_names)
{
    static const char *const kept[] = {"main-KE3XS6AC.js", "part-AAAAAAAA.css",
                                       "pdf-worker-bd888051.mjs", "a-0123456789abcdef.wasm"};
    static const char *const asked[] = {"index.html",
                                        "sw.js",
                                        "some-manifest.json",
                                        "main-KE3XS6A.js",
                                        "main-Ke3xs6ac.js",
                                        "main-KE3XS6AC",
                                        "-.js",
                                        "main-.js"};
    for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++)
        cr_assert(policy_immutable(kept[i]), "%s", kept[i]);
    for (size_t i = 0; i < sizeof asked / sizeof asked[0]; i++)
        cr_assert(!policy_immutable(asked[i]), "%s", asked[i]);
}

Test(web_policy, entity_tags)
{
    static const char *const good[] = {"\"t\"", "W/\"t\"", "\"a\", \"t\"", " \"t\" ,", "*"};
    static const char *const bad[] = {"", "t", "\"t", "\"a\"", "\"t-gz\"", "W/", "**", ",,"};
    cr_assert(!policy_tag_matches(NULL, "\"t\""));
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        cr_assert(policy_tag_matches(good[i], "\"t\""), "%s", good[i]);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        cr_assert(!policy_tag_matches(bad[i], "\"t\""), "%s", bad[i]);
}

Test(web_policy, compressed)
{
    static const char *const good[] = {"gzip", "br, gzip", "GZIP;q=0.1", "deflate,gzip ;q=1"};
    static const char *const bad[] = {"", "br", "gzip;q=0", "gzip; q=0.0", "xgzip", "gzipx", "*"};
    cr_assert(!policy_takes_gzip(NULL));
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        cr_assert(policy_takes_gzip(good[i]), "%s", good[i]);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        cr_assert(!policy_takes_gzip(bad[i]), "%s", bad[i]);
}

/* ---- files ---- */

static char folder[64];

static void put(const char *name, const char *text)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *f = fopen(path, "w");
    cr_assert(f != NULL);
    fputs(text, f);
    fclose(f);
}

static void setup(void)
{
    temporary_folder(folder, sizeof folder, "web");
    put("index.html", "page {nonce}");
    put("main-AAAABBBB.js", "script");
}

static void teardown(void)
{
    char command[128];
    snprintf(command, sizeof command, "rm -r '%s'", folder);
    cr_assert_eq(system(command), 0);
}

Test(web_files, are_found_by_exact_name, .init = setup, .fini = teardown)
{
    char error[FILES_ERROR_MAX];
    struct files *f;
    put("main-AAAABBBB.js.gz", "packed");
    put("orphan.js.gz", "packed");
    put(".hidden.js", "hidden");
    put("secret.key", "secret");
    cr_assert_eq(files_read(&f, folder, error), 0, "%s", error);
    cr_assert_eq(f->count, 2);
    const struct files_entry *e = files_find(f, "main-AAAABBBB.js");
    cr_assert(e != NULL);
    cr_assert_eq(memcmp(e->plain.bytes, "script", 6), 0);
    cr_assert_eq(memcmp(e->gzip.bytes, "packed", 6), 0);
    cr_assert_str_neq(e->plain.etag, e->gzip.etag);
    cr_assert(e->immutable);
    static const char *const none[] = {"",     "main-AAAABBBB.js.gz", ".hidden.js", "secret.key",
                                       "../x", "./main-AAAABBBB.js",  "index.htm",  "orphan.js"};
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
        cr_assert(files_find(f, none[i]) == NULL, "%s", none[i]);
    files_unref(f);
}

Test(web_files, links_and_folders_are_passed_over, .init = setup, .fini = teardown)
{
    char error[FILES_ERROR_MAX], path[256];
    struct files *f;
    snprintf(path, sizeof path, "%s/link.js", folder);
    cr_assert_eq(symlink("/etc/passwd", path), 0);
    snprintf(path, sizeof path, "%s/folder.js", folder);
    cr_assert_eq(mkdir(path, 0700), 0);
    snprintf(path, sizeof path, "%s/pipe.js", folder);
    cr_assert_eq(mkfifo(path, 0600), 0);
    cr_assert_eq(files_read(&f, folder, error), 0, "%s", error);
    cr_assert_eq(f->count, 2);
    files_unref(f);
}

Test(web_files, without_a_page_there_are_none, .init = setup, .fini = teardown)
{
    char error[FILES_ERROR_MAX], path[256];
    struct files *f = NULL;
    snprintf(path, sizeof path, "%s/index.html", folder);
    cr_assert_eq(unlink(path), 0);
    cr_assert_eq(files_read(&f, folder, error), SQ_ERR_INVALID);
    cr_assert(strstr(error, "build the pages") != NULL);
    cr_assert_eq(files_read(&f, "/nonexistent/of/this/test", error), SQ_ERR_IO);
    cr_assert(f == NULL);
}

Test(web_files, too_large_is_said, .init = setup, .fini = teardown)
{
    char error[FILES_ERROR_MAX], path[256];
    struct files *f = NULL;
    put("huge.png", "");
    snprintf(path, sizeof path, "%s/huge.png", folder);
    cr_assert_eq(truncate(path, (off_t)FILES_BYTES_MAX), 0); /* beside the others: too much */
    cr_assert_eq(files_read(&f, folder, error), SQ_ERR_INVALID);
    cr_assert(strstr(error, "64 MiB") != NULL);
}

Test(web_files, live_as_long_as_somebody_is_served, .init = setup, .fini = teardown)
{
    char error[FILES_ERROR_MAX];
    struct files *f;
    cr_assert_eq(files_read(&f, folder, error), 0);
    struct files *mine = files_ref(f);
    files_unref(f);
    cr_assert(files_find(mine, FILES_INDEX) != NULL);
    files_unref(mine);
}
