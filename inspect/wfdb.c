/* SPDX-License-Identifier: Apache-2.0 */
/* Line by line over a copy of each line, so that every text ends in a zero. */
#include "inspect/wfdb.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE_MAX_BYTES 512
#define WORDS_MAX      16
#define RATE_MAX_HZ    1e6
#define SAMPLES_MAX    1e10

struct lines {
    const char *at, *end;
    char line[LINE_MAX_BYTES];
    char *words[WORDS_MAX];
    size_t count;
    bool failed;
};

static bool plain(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        if ((c < 32 && c != '\t') || c >= 127)
            return false;
    }
    return true;
}

/* The next line that is no comment and not empty, cut into words. */
static bool next_line(struct lines *l)
{
    while (l->at < l->end && !l->failed) {
        const char *stop = memchr(l->at, '\n', (size_t)(l->end - l->at));
        size_t len = (size_t)((stop ? stop : l->end) - l->at);
        const char *begin = l->at;
        l->at += len + (stop ? 1 : 0);
        if (len > 0 && begin[len - 1] == '\r')
            len--;
        if (len == 0 || begin[0] == '#')
            continue;
        l->failed = len >= sizeof l->line || !plain(begin, len);
        if (l->failed)
            return false;
        memcpy(l->line, begin, len);
        l->line[len] = '\0';
        char *save = NULL;
        l->count = 0;
        for (char *w = strtok_r(l->line, " \t", &save); w && l->count < WORDS_MAX;
             w = strtok_r(NULL, " \t", &save))
            l->words[l->count++] = w;
        if (l->count > 0)
            return true;
    }
    return false;
}

static bool number(const char *text, double least, double most, double *out)
{
    char *end = NULL;
    if (text[0] < '0' || text[0] > '9')
        return false;
    *out = strtod(text, &end);
    return *out >= least && *out <= most && (*end == '\0' || strchr("/(xX:+", *end));
}

/* "hh:mm:ss" and "dd/mm/yyyy"; what does not fit is left out. */
static void set_start(struct wfdb_header *out, const char *time, const char *date)
{
    unsigned h = 0, m = 0, s = 0, day = 0, month = 0, year = 0;
    if (sscanf(time, "%2u:%2u:%2u", &h, &m, &s) == 3 &&
        sscanf(date, "%2u/%2u/%4u", &day, &month, &year) == 3 && h < 24 && m < 60 && s < 60 &&
        day >= 1 && day <= 31 && month >= 1 && month <= 12 && year >= 1900 && year <= 9999)
        snprintf(out->started, sizeof out->started, "%04u-%02u-%02uT%02u:%02u:%02u", year, month,
                 day, h, m, s);
}

static bool parse_record(const struct lines *l, struct wfdb_header *out)
{
    double signals = 0, samples = 0;
    if (l->count < 2 || strchr(l->words[0], '/') ||
        !number(l->words[1], 1, WFDB_SIGNALS_MAX, &signals))
        return false;
    out->signals = (unsigned)signals;
    out->rate_hz = 250; /* header(5): when it is left out */
    if (l->count > 2 && !number(l->words[2], 0.01, RATE_MAX_HZ, &out->rate_hz))
        return false;
    if (l->count > 3 && !number(l->words[3], 0, SAMPLES_MAX, &samples))
        return false;
    out->samples = (uint64_t)samples;
    if (l->count > 5)
        set_start(out, l->words[4], l->words[5]);
    return true;
}

static bool parse_signal(const struct lines *l, struct wfdb_header *out, unsigned i,
                         char file[LINE_MAX_BYTES])
{
    static const unsigned known[] = {16, 61, 80, 212, 24, 32};
    double format = 0;
    bool fits = false;
    if (l->count < 2 || !number(l->words[1], 1, 1000, &format) || strpbrk(l->words[1], "xX:+"))
        return false;
    for (size_t k = 0; k < sizeof known / sizeof known[0]; k++)
        fits = fits || known[k] == (unsigned)format;
    if (i == 0) {
        snprintf(file, LINE_MAX_BYTES, "%s", l->words[0]);
        out->format = (unsigned)format;
    }
    if (l->count > 8)
        snprintf(out->labels[i], WFDB_LABEL_MAX, "%s", l->words[8]);
    else
        snprintf(out->labels[i], WFDB_LABEL_MAX, "%u", i + 1);
    return fits && !strcmp(file, l->words[0]) && out->format == (unsigned)format;
}

bool wfdb_parse(const uint8_t *bytes, size_t len_bytes, struct wfdb_header *out)
{
    struct lines l = {.at = (const char *)bytes, .end = (const char *)bytes + len_bytes};
    char file[LINE_MAX_BYTES] = "";
    memset(out, 0, sizeof *out);
    if (len_bytes == 0 || !next_line(&l) || !parse_record(&l, out))
        return false;
    for (unsigned i = 0; i < out->signals; i++) {
        if (!next_line(&l) || !parse_signal(&l, out, i, file))
            return false;
    }
    return !l.failed;
}

uint64_t wfdb_signal_bytes(const struct wfdb_header *h)
{
    uint64_t all = h->samples * h->signals;
    switch (h->format) {
    case 80:
        return all;
    case 212:
        return (all * 3 + 1) / 2;
    case 24:
        return all * 3;
    case 32:
        return all * 4;
    default:
        return all * 2;
    }
}
