/* SPDX-License-Identifier: Apache-2.0 */
/* Files for the consultation: a short queue, one upload at a time, slowly while people talk. */
#include "client-lib/terminal/terminal.h"
#include "shanqiao/error.h"
#include <string.h>

enum { TALK_RATE_BPS = 32000, TELL_PERCENT = 10 }; /* speech has the link first */

static const struct {
    const char *ending, *type;
} ENDINGS[] = {{".jpg", "photo"}, {".jpeg", "photo"}, {".png", "photo"}, {".pdf", "pdf"},
               {".dcm", "dicom"}, {".scp", "ecg"},    {".xml", "ecg"},   {".edf", "ecg"},
               {".hea", "ecg"},   {".dat", "ecg"},    {".wav", "audio"}, {".opus", "audio"},
               {".ogg", "audio"}};
static const char *const TYPES[] = {"photo", "pdf", "dicom", "ecg", "audio"};

static bool ends_in(const char *file, const char *ending)
{
    size_t len = strlen(file), n = strlen(ending);
    return len > n && strcasecmp(file + len - n, ending) == 0;
}

static const char *type_of(const char *file)
{
    for (size_t i = 0; i < sizeof ENDINGS / sizeof ENDINGS[0]; i++)
        if (ends_in(file, ENDINGS[i].ending))
            return ENDINGS[i].type;
    return NULL;
}

/* "dicom X1" to its type, and *file to "X1"; without such a word the ending says it. */
static const char *split(const char *rest, const char **file)
{
    for (size_t i = 0; i < sizeof TYPES / sizeof TYPES[0]; i++) {
        size_t n = strlen(TYPES[i]);
        if (strncmp(rest, TYPES[i], n) == 0 && rest[n] == ' ') {
            *file = rest + n + 1;
            return TYPES[i];
        }
    }
    *file = rest;
    return type_of(rest);
}

void attach_add(struct terminal *t, const char *rest)
{
    struct attachments *a = &t->attachments;
    const char *file = NULL, *type = split(rest, &file);
    if (!type || strlen(file) >= ATTACH_FILE_MAX || a->count == ATTACH_MAX) {
        say(t, TEXT_ATTACH_HOW, NULL);
        return;
    }
    snprintf(a->items[a->count].type, sizeof a->items[0].type, "%s", type);
    snprintf(a->items[a->count].file, sizeof a->items[0].file, "%s", file);
    a->count++;
}

static const char *name_of(const char *file)
{
    const char *slash = strrchr(file, '/');
    return slash ? slash + 1 : file;
}

static void next(struct terminal *t)
{
    struct attachments *a = &t->attachments;
    sq_upload_free(a->upload);
    a->upload = NULL;
    a->told_percent = 0;
    a->told_dark = false;
    a->count--;
    memmove(a->items, a->items + 1, a->count * sizeof a->items[0]);
}

static void start(struct terminal *t)
{
    struct attachments *a = &t->attachments;
    const struct options *o = t->options;
    const bool signal_file = ends_in(a->items[0].file, ".dat");
    const struct sq_upload_config config = {
        .struct_size = sizeof config,
        .url = o->server,
        .ca_file = o->ca_file,
        .server_name = o->server_name,
        .consultation_id = t->current.id,
        .type = a->items[0].type,
        .file = a->items[0].file,
        .header = signal_file && a->header[0] ? a->header : NULL,
    };
    const int err = sq_upload_start(t->client, &a->upload, &config);
    if (!err)
        return;
    say(t, TEXT_ATTACH_FAILED,
        err == SQ_ERR_IO ? a->items[0].file : sq_error_text(err, o->language));
    next(t);
}

static void tell(struct terminal *t, const struct sq_upload_progress *p)
{
    struct attachments *a = &t->attachments;
    char detail[ATTACH_FILE_MAX + 16];
    const char *name = name_of(a->items[0].file);
    const int percent = p->total_bytes > 0 ? (int)(p->sent_bytes * 100 / p->total_bytes) : 0;
    if (p->state == SQ_UPLOAD_DARK && !a->told_dark)
        say(t, TEXT_ATTACH_DARK, name);
    a->told_dark = p->state == SQ_UPLOAD_DARK;
    if (p->state == SQ_UPLOAD_SENDING && percent >= a->told_percent + TELL_PERCENT) {
        a->told_percent = percent / TELL_PERCENT * TELL_PERCENT;
        snprintf(detail, sizeof detail, "%s %d %%", name, percent);
        say(t, TEXT_ATTACH_SENDING, detail);
    }
}

static void finish(struct terminal *t, const struct sq_upload_progress *p)
{
    struct attachments *a = &t->attachments;
    const char *name = name_of(a->items[0].file);
    const bool done = p->state == SQ_UPLOAD_DONE;
    events_write(t, "attached", "file", name, "material", p->material, "done", done ? "1" : "0",
                 NULL);
    say(t, done ? TEXT_ATTACHED : TEXT_ATTACH_FAILED, done ? name : p->message);
    if (done && ends_in(name, ".hea"))
        snprintf(a->header, sizeof a->header, "%s", p->material);
    next(t);
}

void attach_tick(struct terminal *t)
{
    struct attachments *a = &t->attachments;
    struct sq_upload_progress progress = {.struct_size = sizeof progress};
    if (a->count == 0)
        return;
    if (!a->upload) {
        if (t->account[0] && t->current.id[0])
            start(t);
        return;
    }
    sq_upload_set_rate(a->upload, t->call && t->current.live_since_us ? TALK_RATE_BPS : 0);
    sq_upload_progress(a->upload, &progress);
    if (progress.state == SQ_UPLOAD_DONE || progress.state == SQ_UPLOAD_FAILED)
        finish(t, &progress);
    else
        tell(t, &progress);
}

void attach_stop(struct terminal *t)
{
    sq_upload_free(t->attachments.upload);
    t->attachments.upload = NULL;
}
