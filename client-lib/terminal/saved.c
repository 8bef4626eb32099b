/* SPDX-License-Identifier: Apache-2.0 */
/* `--session FILE`: the session of a terminal that may be killed. First line: account id; second:
 * the library's export. */
#include "client-lib/terminal/terminal.h"

#define SAVED_EVERY_US INT64_C(1000000)

char *saved_read(const struct terminal *t, char text[SAVED_TEXT_MAX])
{
    FILE *f = t->options->session_file ? fopen(t->options->session_file, "re") : NULL;
    const size_t n = f ? fread(text, 1, SAVED_TEXT_MAX - 1, f) : 0;
    if (f)
        fclose(f);
    text[n] = 0;
    return n ? text : NULL;
}

void saved_write(struct terminal *t, int64_t now_us)
{
    char text[SAVED_TEXT_MAX], temporary[1024];
    if (!t->options->session_file || !t->account[0] ||
        now_us < t->saved_session_us + SAVED_EVERY_US)
        return;
    t->saved_session_us = now_us;
    const int64_t len = sq_client_export_session(t->client, text, sizeof text);
    if (len <= 0 || len > (int64_t)sizeof text)
        return;
    snprintf(temporary, sizeof temporary, "%s.new", t->options->session_file);
    remove(temporary);
    FILE *f = fopen(temporary, "wxe");
    bool ok = f && fprintf(f, "%s\n%s", t->account, text) > 0;
    if (f)
        ok &= fclose(f) == 0;
    if (!ok || rename(temporary, t->options->session_file) != 0)
        fprintf(
            stderr,
            "shanqiao-terminal: can't write %s; a killed terminal would have to sign in again.\n",
            t->options->session_file);
}
