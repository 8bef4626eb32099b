/* SPDX-License-Identifier: Apache-2.0 */
/* Readers that need no library: photo, PDF, sound, WFDB header. */
#include "inspect/photo.h"
#include "inspect/readers.h"
#include "inspect/wfdb.h"
#include <string.h>

void read_photo(const struct input *in, struct report *r)
{
    struct photo photo;
    if (!photo_strip(in->kind, in->bytes, in->len_bytes, NULL, NULL, &photo)) {
        report_fail(r, "damaged", NULL);
        return;
    }
    report_int(r, "width", photo.width);
    report_int(r, "height", photo.height);
    report_int(r, "orientation", photo.orientation);
    if (photo.taken[0]) { /* "2012:09:29 16:11:25" */
        photo.taken[4] = photo.taken[7] = '-';
        photo.taken[10] = 'T';
    }
    report_text(r, "startedAt", photo.taken, 24);
}

void read_wfdb(const struct input *in, struct report *r)
{
    struct wfdb_header h;
    if (!wfdb_parse(in->bytes, in->len_bytes, &h)) {
        report_fail(r, "damaged", NULL);
        return;
    }
    for (unsigned i = 0; i < h.signals; i++)
        report_lead(r, h.labels[i]);
    report_real(r, "sampleRateHz", h.rate_hz);
    report_int(r, "samples", (int64_t)h.samples);
    report_int(r, "durationMs", (int64_t)((double)h.samples * 1000 / h.rate_hz));
    report_text(r, "startedAt", h.started, 24);
}

/* ---- PDF (ISO 32000-1 section 7.5.5) ---- */

#define PDF_TAIL_BYTES 1024 /* the end mark is in the last KiB */

static bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\r' || c == '\n' || c == '\t';
}

/* Pages that are told in clear text; those in compressed object streams are not counted. */
static int64_t count_pages(const uint8_t *p, const uint8_t *end)
{
    int64_t count = 0;
    while ((p = memmem(p, (size_t)(end - p), "/Type", 5))) {
        p += 5;
        while (p < end && is_blank(*p))
            p++;
        if (end - p > 5 && !memcmp(p, "/Page", 5) && p[5] != 's')
            count++;
    }
    return count;
}

void read_pdf(const struct input *in, struct report *r)
{
    size_t tail = in->len_bytes < PDF_TAIL_BYTES ? in->len_bytes : PDF_TAIL_BYTES;
    if (!memmem(in->bytes + in->len_bytes - tail, tail, "%%EOF", 5)) {
        report_fail(r, "cut_short", NULL);
        return;
    }
    int64_t pages = count_pages(in->bytes, in->bytes + in->len_bytes);
    if (pages > 0)
        report_int(r, "pages", pages);
}

/* ---- sound, little-endian both ---- */

static uint64_t get(const uint8_t *p, unsigned count)
{
    uint64_t v = 0;
    while (count-- > 0)
        v = v << 8 | p[count];
    return v;
}

struct wav {
    uint64_t channels, rate_hz, bytes_per_s, data_bytes;
};

static bool scan_wav(const struct input *in, struct wav *w)
{
    size_t at = 12;
    while (in->len_bytes - at >= 8) {
        const uint8_t *chunk = in->bytes + at;
        uint64_t len = get(chunk + 4, 4), room = in->len_bytes - at - 8;
        if (len > room)
            return false;
        if (!memcmp(chunk, "fmt ", 4) && len >= 16) {
            w->channels = get(chunk + 10, 2);
            w->rate_hz = get(chunk + 12, 4);
            w->bytes_per_s = get(chunk + 16, 4);
        } else if (!memcmp(chunk, "data", 4)) {
            w->data_bytes = len;
        }
        at += 8 + (size_t)(len + (len & 1 && len < room ? 1 : 0));
    }
    return w->channels > 0 && w->rate_hz > 0 && w->bytes_per_s > 0 && w->data_bytes > 0;
}

static void report_sound(struct report *r, uint64_t channels, uint64_t rate_hz, uint64_t ms)
{
    report_int(r, "channels", (int64_t)channels);
    report_real(r, "sampleRateHz", (double)rate_hz);
    report_int(r, "durationMs", (int64_t)ms);
}

/* RFC 7845: the last page's position in 48 kHz samples, less what is skipped at the beginning. */
static bool scan_opus(const struct input *in, uint64_t *channels, uint64_t *ms)
{
    const uint8_t *head = in->bytes + 28, *page = NULL;
    if (in->len_bytes < 28 + 19)
        return false;
    *channels = head[9];
    uint64_t skipped = get(head + 10, 2);
    for (size_t at = in->len_bytes - 27; at > 0 && !page; at--) {
        if (!memcmp(in->bytes + at, "OggS", 4))
            page = in->bytes + at;
    }
    uint64_t position = page ? get(page + 6, 8) : 0;
    if (!page || position > INT64_MAX || position < skipped || *channels == 0)
        return false;
    *ms = (position - skipped) / 48;
    return true;
}

void read_audio(const struct input *in, struct report *r)
{
    struct wav w = {0};
    uint64_t channels = 0, ms = 0;
    if (in->kind == KIND_WAV && scan_wav(in, &w))
        report_sound(r, w.channels, w.rate_hz, w.data_bytes * 1000 / w.bytes_per_s);
    else if (in->kind == KIND_OGG_OPUS && scan_opus(in, &channels, &ms))
        report_sound(r, channels, 48000, ms);
    else
        report_fail(r, "damaged", NULL);
}
