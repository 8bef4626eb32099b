/* SPDX-License-Identifier: Apache-2.0 */
/* See field.h: reading is a table of functions by type; each writes the canonical spelling. */
#include "signaling/exchange/field.h"
#include "base/check.h"
#include "signaling/exchange/utf8.h"
#include "signaling/proto/method.h"
#include "signaling/proto/text.h"
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MIN_PER_DAY   1440
#define ID_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-"
#define E6            1000000
#define OFFSET_MAX    (14 * 60) /* UTC+14:00 is the furthest there is */

bool field_digits(const char *text, size_t places, int64_t *out)
{
    *out = 0;
    for (size_t i = 0; i < places; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        *out = *out * 10 + (text[i] - '0');
    }
    return true;
}

/* ---- dates ---- */

int64_t field_days(int64_t year, unsigned month, unsigned day)
{
    year -= month <= 2;
    int64_t era = year / 400; /* years from 1 on only */
    int64_t of_era = year - era * 400;
    int64_t of_year = (153 * (int64_t)(month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

void field_date_text(int64_t days, char out[16])
{
    int64_t z = days + 719468, era = z / 146097, of_era = z - era * 146097;
    int64_t year_of = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * year_of + year_of / 4 - year_of / 100);
    int64_t mp = (5 * of_year + 2) / 153;
    int64_t day = of_year - (153 * mp + 2) / 5 + 1, month = mp < 10 ? mp + 3 : mp - 9;
    int64_t year = year_of + era * 400 + (month <= 2);
    snprintf(out, 16, "%04d-%02d-%02d", (int)year % 10000, (int)month % 100, (int)day % 100);
}

static bool read_date(const char *in, int64_t *days)
{
    int64_t year, month, day;
    char back[16];
    if (strlen(in) < 10 || !field_digits(in, 4, &year) || in[4] != '-' ||
        !field_digits(in + 5, 2, &month) || in[7] != '-' || !field_digits(in + 8, 2, &day) ||
        year < 1970 || month < 1 || month > 12 || day < 1 || day > 31)
        return false;
    *days = field_days(year, (unsigned)month, (unsigned)day);
    field_date_text(*days, back);
    return strncmp(in, back, 10) == 0; /* 31 April comes back as another day */
}

static bool read_clock(const char *in, int64_t *minutes)
{
    int64_t hour, minute;
    if (strlen(in) != 5 || !field_digits(in, 2, &hour) || in[2] != ':' ||
        !field_digits(in + 3, 2, &minute) || minute > 59 || hour > 24 || (hour == 24 && minute))
        return false;
    *minutes = (hour * 60 + minute) % MIN_PER_DAY;
    return true;
}

static void clock_text(int64_t minutes, char *out, size_t size)
{
    snprintf(out, size, "%02d:%02d", (int)(minutes / 60) % 24, (int)(minutes % 60));
}

/* ---- one line of text ---- */

/* What a spreadsheet takes for the start of a formula. A tab is none of one line anyway. */
static bool formula(const char *in)
{
    return *in && strchr("=@+-", *in);
}

/* Characters as proto/text.h allows them, none that ends a line. */
static bool line_good(const char *in, size_t max)
{
    size_t len = strlen(in);
    uint32_t ch = 0;
    if (len > max || formula(in))
        return false;
    for (size_t at = 0, used; at < len; at += used)
        if (!(used = utf8_next(in + at, len - at, &ch)) || ch < 0x20 || text_refuses(ch))
            return false;
    return true;
}

static bool id_good(const char *in, size_t len)
{
    return len > 0 && len < ID_MAX && strspn(in, ID_CHARACTERS) >= len && !formula(in);
}

static int word_index(const char *const *words, const char *in, size_t len)
{
    for (int i = 0; words[i]; i++)
        if (strlen(words[i]) == len && memcmp(words[i], in, len) == 0)
            return i;
    return -1;
}

/* ---- reading, one function a type ---- */

static bool read_id(const struct field *f, const char *in, char *out)
{
    (void)f;
    snprintf(out, FIELD_MAX, "%s", in);
    return id_good(in, strlen(in));
}

static bool read_code(const struct field *f, const char *in, char *out)
{
    return read_id(f, in, out) && strspn(in, "abcdefghijklmnopqrstuvwxyz0123456789_") == strlen(in);
}

static bool read_ids(const struct field *f, const char *in, char *out)
{
    size_t used = 0;
    (void)f;
    for (const char *at = in; *at; at += strspn(at, " ,;")) {
        size_t len = strcspn(at, " ,;");
        if (!id_good(at, len))
            return false;
        used +=
            (size_t)snprintf(out + used, FIELD_MAX - used, "%s%.*s", used ? " " : "", (int)len, at);
        at += len;
    }
    return true;
}

static bool read_text(const struct field *f, const char *in, char *out)
{
    snprintf(out, FIELD_MAX, "%s", in);
    return line_good(in, (size_t)f->max);
}

static bool read_word(const struct field *f, const char *in, char *out)
{
    int i = word_index(f->words, in, strlen(in));
    int64_t number;
    if (i < 0 && f->type == FIELD_CHOICE && strlen(in) == 1 && field_digits(in, 1, &number) &&
        f->min > 0 && number >= f->min && number <= f->max)
        i = (int)(number - f->min); /* levels are read as 1 to 5 too */
    snprintf(out, FIELD_MAX, "%s", i < 0 ? "" : f->words[i]);
    return i >= 0;
}

static uint64_t word_set(const struct field *f, const char *in, bool *good)
{
    uint64_t set = 0;
    *good = true;
    for (const char *at = in; *at && *good; at += strspn(at, " ,;")) {
        size_t len = strcspn(at, " ,;");
        int i = word_index(f->words, at, len);
        *good = i >= 0;
        set |= i >= 0 ? UINT64_C(1) << i : 0;
        at += len;
    }
    return set;
}

static void set_text(const struct field *f, uint64_t set, char *out)
{
    size_t used = 0;
    out[0] = '\0';
    for (int i = 0; f->words[i]; i++)
        if (set & UINT64_C(1) << i)
            used += (size_t)snprintf(out + used, FIELD_MAX - used, "%s%s", used ? " " : "",
                                     f->words[i]);
}

static bool read_words(const struct field *f, const char *in, char *out)
{
    bool good;
    set_text(f, word_set(f, in, &good), out);
    return good;
}

static bool read_flag(const struct field *f, const char *in, char *out)
{
    static const char *const yes[] = {"yes", "true", "1", NULL}, *const no[] = {"no", "false", "0",
                                                                                NULL};
    bool is = word_index(yes, in, strlen(in)) >= 0;
    (void)f;
    snprintf(out, FIELD_MAX, "%s", is ? "yes" : "no");
    return is || word_index(no, in, strlen(in)) >= 0;
}

static bool read_number(const struct field *f, const char *in, char *out)
{
    size_t len = strlen(in);
    int64_t value = 0;
    bool good = len <= 9 && field_digits(in, len, &value) && value >= f->min && value <= f->max;
    snprintf(out, FIELD_MAX, "%lld", (long long)value);
    return good;
}

static void degrees_text(int64_t e6, char *out)
{
    int64_t size = e6 < 0 ? -e6 : e6;
    snprintf(out, FIELD_MAX, "%s%lld.%06lld", e6 < 0 ? "-" : "", (long long)(size / E6),
             (long long)(size % E6));
}

static bool read_degrees(const struct field *f, const char *in, char *out)
{
    const char *number = in + (*in == '-');
    size_t whole = strspn(number, "0123456789");
    const char *fraction = number + whole + (number[whole] == '.');
    size_t places = strspn(fraction, "0123456789");
    int64_t units = 0, parts = 0;
    if (!whole || whole > 3 || fraction[places] || (number[whole] == '.' && !places))
        return false;
    field_digits(number, whole, &units);
    field_digits(fraction, places < 6 ? places : 6, &parts); /* a tenth of a metre is enough */
    for (size_t i = places; i < 6; i++)
        parts *= 10;
    int64_t e6 = units * E6 + parts;
    degrees_text(*in == '-' ? -e6 : e6, out);
    return e6 <= f->max * E6;
}

static void offset_text(int64_t minutes, char *out)
{
    int64_t size = minutes < 0 ? -minutes : minutes;
    snprintf(out, FIELD_MAX, "%c%02d:%02d", minutes < 0 ? '-' : '+', (int)(size / 60) % 24,
             (int)(size % 60));
}

static bool offset_minutes(const char *in, int64_t *minutes)
{
    if ((*in != '+' && *in != '-') || !read_clock(in + 1, minutes) || *minutes > OFFSET_MAX)
        return false;
    *minutes = *in == '-' ? -*minutes : *minutes;
    return true;
}

static bool read_offset(const struct field *f, const char *in, char *out)
{
    int64_t minutes;
    (void)f;
    if (!offset_minutes(in, &minutes))
        return false;
    offset_text(minutes, out);
    return true;
}

static bool read_day(const struct field *f, const char *in, char *out)
{
    int64_t days;
    (void)f;
    snprintf(out, FIELD_MAX, "%s", in);
    return strlen(in) == 10 && read_date(in, &days);
}

static bool read_time(const struct field *f, const char *in, char *out)
{
    int64_t minutes;
    (void)f;
    if (!read_clock(in, &minutes))
        return false;
    clock_text(minutes, out, FIELD_MAX);
    return true;
}

static bool read_moment(const struct field *f, const char *in, char *out)
{
    int64_t days, minutes;
    (void)f;
    if (strlen(in) != 16 || !read_date(in, &days) || (in[10] != ' ' && in[10] != 'T') ||
        !read_clock(in + 11, &minutes) || strncmp(in + 11, "24", 2) == 0)
        return false;
    snprintf(out, FIELD_MAX, "%.10s %s", in, in + 11);
    return true;
}

static bool read_digits(const struct field *f, const char *in, char *out)
{
    size_t len = strlen(in);
    snprintf(out, FIELD_MAX, "%s", in);
    return len <= (size_t)f->max && strspn(in, "0123456789") == len;
}

static bool read_password(const struct field *f, const char *in, char *out)
{
    size_t len = strlen(in);
    snprintf(out, FIELD_MAX, "%s", in);
    return len >= (size_t)f->min && len <= (size_t)f->max;
}

static bool read_hash(const struct field *f, const char *in, char *out)
{
    snprintf(out, FIELD_MAX, "%s", in);
    return strncmp(in, crypto_pwhash_STRPREFIX, strlen(crypto_pwhash_STRPREFIX)) == 0 &&
           line_good(in, (size_t)f->max);
}

static bool (*const readers[])(const struct field *f, const char *in, char *out) = {
    [FIELD_ID] = read_id,         [FIELD_CODE] = read_code,         [FIELD_IDS] = read_ids,
    [FIELD_TEXT] = read_text,     [FIELD_WORD] = read_word,         [FIELD_CHOICE] = read_word,
    [FIELD_WORDS] = read_words,   [FIELD_BITS] = read_words,        [FIELD_FLAG] = read_flag,
    [FIELD_NUMBER] = read_number, [FIELD_DEGREES] = read_degrees,   [FIELD_OFFSET] = read_offset,
    [FIELD_DATE] = read_day,      [FIELD_CLOCK] = read_time,        [FIELD_MOMENT] = read_moment,
    [FIELD_DIGITS] = read_digits, [FIELD_PASSWORD] = read_password, [FIELD_HASH] = read_hash,
};

bool field_read(const struct field *f, const char *in, size_t len, char out[FIELD_MAX])
{
    char text[FIELD_MAX];
    bool secret = f->type == FIELD_PASSWORD; /* whose blanks are its own */
    while (!secret && len && (*in == ' ' || *in == '\t')) {
        in++;
        len--;
    }
    while (!secret && len && (in[len - 1] == ' ' || in[len - 1] == '\t'))
        len--;
    if (len >= FIELD_MAX || memchr(in, '\0', len))
        return false;
    memcpy(text, in, len);
    text[len] = '\0';
    out[0] = '\0';
    bool good = len ? readers[f->type](f, text, out) : !(f->flags & FIELD_NEEDED);
    sodium_memzero(text, sizeof(text));
    return good;
}

/* ---- the store ---- */

static bool stores_number(enum field_type type)
{
    return type == FIELD_CHOICE || type == FIELD_BITS ||
           (type >= FIELD_FLAG && type < FIELD_DIGITS);
}

static int64_t number_of(const struct field *f, const char *text)
{
    int64_t days = 0, minutes = 0;
    bool good = true;
    char *end = NULL;
    switch (f->type) {
    case FIELD_CHOICE:
        return f->min + word_index(f->words, text, strlen(text));
    case FIELD_BITS:
        return (int64_t)word_set(f, text, &good);
    case FIELD_FLAG:
        return strcmp(text, "yes") == 0;
    case FIELD_NUMBER:
        return strtoll(text, &end, 10);
    case FIELD_DEGREES: {
        int64_t units = strtoll(*text == '-' ? text + 1 : text, &end, 10);
        int64_t e6 = units * E6 + strtoll(end + 1, NULL, 10);
        return *text == '-' ? -e6 : e6;
    }
    case FIELD_OFFSET:
        good = offset_minutes(text, &minutes);
        break;
    case FIELD_CLOCK:
        good = read_clock(text, &minutes);
        break;
    case FIELD_DATE:
        good = read_date(text, &days);
        CHECK(good);
        return days;
    case FIELD_MOMENT:
        good = read_date(text, &days) && read_clock(text + 11, &minutes);
        break;
    default:
        CHECK(false);
    }
    CHECK(good);
    return days * MIN_PER_DAY + minutes;
}

struct store_value field_value(const struct field *f, const char *text)
{
    if (!stores_number(f->type))
        return sv_text(text);
    if (!*text)
        return f->type == FIELD_DEGREES ? sv_null() : sv_int(f->blank);
    return sv_int(number_of(f, text));
}

static void number_text(const struct field *f, int64_t number, char *out)
{
    char date[16];
    switch (f->type) {
    case FIELD_CHOICE:
        snprintf(out, FIELD_MAX, "%s", f->words[number - f->min]);
        return;
    case FIELD_BITS:
        set_text(f, (uint64_t)number, out);
        return;
    case FIELD_FLAG:
        snprintf(out, FIELD_MAX, "%s", number ? "yes" : "no");
        return;
    case FIELD_DEGREES:
        degrees_text(number, out);
        return;
    case FIELD_OFFSET:
        offset_text(number, out);
        return;
    case FIELD_CLOCK:
        clock_text(number, out, FIELD_MAX);
        return;
    case FIELD_DATE:
        field_date_text(number, date);
        snprintf(out, FIELD_MAX, "%s", date);
        return;
    case FIELD_MOMENT:
        field_date_text(number / MIN_PER_DAY, date);
        snprintf(out, FIELD_MAX, "%s ", date);
        clock_text(number % MIN_PER_DAY, out + strlen(out), FIELD_MAX - strlen(out));
        return;
    default:
        snprintf(out, FIELD_MAX, "%lld", (long long)number);
    }
}

void field_from_store(const struct field *f, const struct store_query *q, int column,
                      char out[FIELD_MAX])
{
    out[0] = '\0';
    if (store_is_null(q, column))
        return;
    if (!stores_number(f->type))
        store_copy_text(q, column, out, FIELD_MAX);
    else if (f->type != FIELD_DATE || store_int(q, column) != f->blank)
        number_text(f, store_int(q, column), out);
}

/* ---- what is wanted ---- */

enum bounds { BOUNDS_NONE, BOUNDS_MAX, BOUNDS_BOTH };

static const struct {
    const char *en, *zh;
    enum bounds bounds;
} wants[] = {
    [FIELD_ID] = {"letters, digits, \"_\", \".\", \"-\", not first \"-\", at most 39",
                  "字母、数字、\"_\"、\".\"、\"-\"，不以 \"-\" 开头，最多 39 个", BOUNDS_NONE},
    [FIELD_CODE] = {"lower-case letters, digits, \"_\", at most 39",
                    "小写字母、数字、\"_\"，最多 39 个", BOUNDS_NONE},
    [FIELD_IDS] = {"ids parted by blanks", "用空格分隔的编号", BOUNDS_NONE},
    [FIELD_TEXT] = {"one line of UTF-8 text that does not begin with = @ + -, bytes",
                    "一行不以 = @ + - 开头的 UTF-8 文本，字节数", BOUNDS_MAX},
    [FIELD_WORD] = {"", "", BOUNDS_NONE},
    [FIELD_CHOICE] = {"", "", BOUNDS_NONE},
    [FIELD_WORDS] = {"some of ", "以下若干项：", BOUNDS_NONE},
    [FIELD_BITS] = {"some of ", "以下若干项：", BOUNDS_NONE},
    [FIELD_FLAG] = {"yes or no", "yes 或 no", BOUNDS_NONE},
    [FIELD_NUMBER] = {"a whole number,", "整数，", BOUNDS_BOTH},
    [FIELD_DEGREES] = {"decimal degrees like 29.651234,", "十进制度数，例如 29.651234，",
                       BOUNDS_MAX},
    [FIELD_OFFSET] = {"an offset from UTC like +08:00", "与 UTC 的时差，例如 +08:00", BOUNDS_NONE},
    [FIELD_DATE] = {"a date like 2026-01-31", "日期，例如 2026-01-31", BOUNDS_NONE},
    [FIELD_CLOCK] = {"a time of day like 08:30", "时刻，例如 08:30", BOUNDS_NONE},
    [FIELD_MOMENT] = {"local date and time like 2026-01-31 08:30",
                      "当地日期和时间，例如 2026-01-31 08:30", BOUNDS_NONE},
    [FIELD_DIGITS] = {"digits,", "数字，位数", BOUNDS_MAX},
    [FIELD_PASSWORD] = {"a password, bytes", "密码，字节数", BOUNDS_BOTH},
    [FIELD_HASH] = {"an Argon2id hash, \"$argon2id$...\"", "Argon2id 哈希，\"$argon2id$...\"",
                    BOUNDS_NONE},
};

void field_wanted(const struct field *f, bool chinese, char *out, size_t size)
{
    size_t used =
        (size_t)snprintf(out, size, "%s", chinese ? wants[f->type].zh : wants[f->type].en);
    for (int i = 0; f->words && f->words[i] && used < size; i++)
        used += (size_t)snprintf(out + used, size - used, "%s%s", i ? ", " : "", f->words[i]);
    if (used < size && wants[f->type].bounds == BOUNDS_MAX)
        snprintf(out + used, size - used, chinese ? "最多 %lld" : " at most %lld",
                 (long long)f->max);
    if (used < size && wants[f->type].bounds == BOUNDS_BOTH)
        snprintf(out + used, size - used, chinese ? " %lld 到 %lld" : " %lld to %lld",
                 (long long)f->min, (long long)f->max);
}
