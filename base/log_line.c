/* SPDX-License-Identifier: Apache-2.0 */
/* Formatting of log lines. A field is appended whole or not at all. */
#include "base/log_line.h"
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define TAIL        "\"truncated\":true}\n"
#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

static const char *const LEVELS[] = {"debug", "info", "warn", "error"};

/* False, and nothing appended, when the room that the tail leaves is too small. */
static bool line_put(struct log_line *line, const char *data, size_t len)
{
    if (line->len + len + sizeof TAIL > sizeof line->text)
        return false;
    memcpy(line->text + line->len, data, len);
    line->len += len;
    return true;
}

__attribute__((format(printf, 2, 3))) static bool line_putf(struct log_line *line,
                                                            const char *format, ...)
{
    char piece[128];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(piece, sizeof piece, format, args);
    va_end(args);
    return n >= 0 && (size_t)n < sizeof piece && line_put(line, piece, (size_t)n);
}

/* Length of the valid UTF-8 sequence at s (RFC 3629 section 4), 0 when there is none; *code is its
 * code point. */
static size_t utf8_length(const uint8_t *s, size_t left, uint32_t *code)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t n = s[0] < 0x80   ? 1
               : s[0] < 0xc2 ? 0
               : s[0] < 0xe0 ? 2
               : s[0] < 0xf0 ? 3
               : s[0] < 0xf5 ? 4
                             : 0;
    if (n == 0 || n > left)
        return 0;
    uint32_t c = n == 1 ? s[0] : s[0] & (0x7fu >> n);
    for (size_t i = 1; i < n; i++) {
        if ((s[i] & 0xc0) != 0x80)
            return 0;
        c = c << 6 | (s[i] & 0x3f);
    }
    if (c < least[n] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
        return 0;
    *code = c;
    return n;
}

/* Controls (C0, DEL, C1) and the separators that some readers take for line ends. */
static bool must_escape(uint32_t c)
{
    return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x2028 || c == 0x2029;
}

static bool line_put_text(struct log_line *line, const char *text)
{
    const uint8_t *s = (const uint8_t *)text;
    size_t len = strnlen(text, LOG_TEXT_MAX + 1);
    bool cut = len > LOG_TEXT_MAX;
    bool ok = line_put(line, "\"", 1);
    len = cut ? LOG_TEXT_MAX : len;
    for (size_t i = 0; ok && i < len;) {
        uint32_t code = 0;
        size_t n = utf8_length(s + i, len - i, &code);
        if (n == 0 && cut && len - i < 4)
            break; /* the cut went through a character */
        if (n == 0)
            ok = line_put(line, REPLACEMENT, 3);
        else if (must_escape(code))
            ok = line_putf(line, "\\u%04" PRIx32, code);
        else if (code == '"' || code == '\\')
            ok = line_putf(line, "\\%c", (char)code);
        else
            ok = line_put(line, text + i, n);
        i += n ? n : 1;
    }
    return ok && (!cut || line_put(line, "\xe2\x80\xa6", 3)) && line_put(line, "\"", 1);
}

static bool line_put_real(struct log_line *line, double v)
{
    char text[32];
    if (!isfinite(v))
        return line_put(line, "null", 4); /* JSON has no word for it */
    snprintf(text, sizeof text, "%.9g", v);
    char *comma = strchr(text, ','); /* the host program may have set a locale */
    if (comma)
        *comma = '.';
    return line_put(line, text, strlen(text));
}

static bool line_put_value(struct log_line *line, const struct log_field *f, bool show_private)
{
    const char *text = NULL;
    switch (f->type) {
    case LOG_FIELD_INT:
        return line_putf(line, "%" PRId64, f->value.integer);
    case LOG_FIELD_REAL:
        return line_put_real(line, f->value.real);
    case LOG_FIELD_BOOL:
        return line_putf(line, "%s", f->value.boolean ? "true" : "false");
    case LOG_FIELD_TEXT:
        text = f->value.text;
        break;
    case LOG_FIELD_PRIVATE:
        text = show_private ? f->value.hidden.text : "[private]";
        break;
    case LOG_FIELD_END:
        break;
    }
    return text ? line_put_text(line, text) : line_put(line, "null", 4);
}

static bool line_put_field(struct log_line *line, const struct log_field *f, bool show_private)
{
    size_t before = line->len;
    if (line_put_text(line, f->name) && line_put(line, ":", 1) &&
        line_put_value(line, f, show_private) && line_put(line, ",", 1))
        return true;
    line->len = before;
    return false;
}

/* RFC 3339 in UTC with milliseconds. */
static void line_put_time(struct log_line *line, time_us utc_us)
{
    time_t seconds = (time_t)(utc_us / TIME_US_PER_S);
    struct tm t;
    gmtime_r(&seconds, &t);
    line_putf(line, "{\"ts\":\"%04d-%02d-%02dT%02d:%02d:%02d.%03dZ\",", t.tm_year + 1900,
              t.tm_mon + 1, t.tm_mday, t.tm_hour, t.tm_min, t.tm_sec,
              (int)(utc_us % TIME_US_PER_S / TIME_US_PER_MS));
}

void log_line_format(struct log_line *line, time_us utc_us, enum log_level level,
                     const char *program, const char *key, const struct log_field *fields,
                     uint64_t suppressed, bool show_private)
{
    const struct log_field head[] = {LOG_TEXT("level", LEVELS[level]), LOG_TEXT("program", program),
                                     LOG_TEXT("key", key), LOG_INT("suppressed", suppressed)};
    bool whole = true;
    line->len = 0;
    line_put_time(line, utc_us);
    for (size_t i = 0; i < (suppressed ? 4 : 3); i++)
        whole &= line_put_field(line, &head[i], false);
    for (const struct log_field *f = fields; f->type != LOG_FIELD_END; f++)
        whole &= line_put_field(line, f, show_private);
    if (whole) {
        line->text[line->len - 1] = '}'; /* over the last comma */
        line->text[line->len++] = '\n';
        line->text[line->len] = '\0';
    } else {
        memcpy(line->text + line->len, TAIL, sizeof TAIL); /* line_put kept room for it */
        line->len += sizeof TAIL - 1;
    }
}

void log_line_emit(const struct log_line *line, int fd)
{
    for (size_t done = 0; done < line->len;) {
        ssize_t n = write(fd, line->text + done, line->len - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return;
        done += (size_t)n;
    }
}
