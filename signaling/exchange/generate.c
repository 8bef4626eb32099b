/* SPDX-License-Identifier: Apache-2.0 */
/* See generate.h. Levels are made from above: each institution draws its place near its parent's.
 */
#include "signaling/exchange/generate.h"
#include "shanqiao/error.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CODE_SIZE       16
#define COUNTIES_A_CITY 9
#define SHIFTS_A_DAY    3
#define LATITUDE_E6     31000000 /* of the province's middle, and half its width */
#define LONGITUDE_E6    101000000
#define PROVINCE_E6     4000000
#define CITY_E6         900000
#define COUNTY_E6       400000
#define TOWNSHIP_E6     80000

struct spot {
    int64_t latitude_e6, longitude_e6;
};

struct maker {
    struct book *book;
    const struct province *p;
    uint64_t state;
    bool failed; /* out of memory */
    unsigned cities;
    struct spot *counties, *townships;
    unsigned *in_county, *in_township; /* how many there are already */
    char (*township_codes)[CODE_SIZE];
};

/* splitmix64 (S. Vigna, public domain): every seed gives a good sequence. */
static uint64_t draw(struct maker *m)
{
    uint64_t z = (m->state += UINT64_C(0x9E3779B97F4A7C15));
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

static unsigned below(struct maker *m, unsigned limit)
{
    return (unsigned)(draw(m) % limit);
}

static struct spot near(struct maker *m, struct spot of, unsigned width_e6)
{
    of.latitude_e6 += (int64_t)below(m, 2 * width_e6) - width_e6;
    of.longitude_e6 += (int64_t)below(m, 2 * width_e6) - width_e6;
    return of;
}

/* A new row whose cells are the given texts, in the order of the fields, as far as they go. */
static void add(struct maker *m, int table, size_t count, const char *const *cells)
{
    struct row *row = m->failed ? NULL : book_add_row(m->book, table);
    m->book->sheets[table].given = true;
    for (size_t i = 0; row && i < tables[table].count; i++) {
        const char *text = i < count ? cells[i] : "";
        row->cells[i] = book_text(m->book, text, strlen(text));
        m->failed |= !row->cells[i];
    }
    m->failed |= !row;
}
#define ADD(m, table, ...)                                                                         \
    add(m, table, sizeof((const char *[]){__VA_ARGS__}) / sizeof(char *),                          \
        (const char *const[]){__VA_ARGS__})

/* Text of one use. */
static const char *text(char out[64], const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static const char *text(char out[64], const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(out, 64, format, args);
    va_end(args);
    return out;
}

static void institution(struct maker *m, const char *id, const char *name, const char *level,
                        const char *kind, const char *parent, const char *code, struct spot at)
{
    char latitude[64], longitude[64];
    ADD(m, TABLE_INSTITUTIONS, id, name, level, kind, parent,
        text(latitude, "%lld.%06lld", (long long)at.latitude_e6 / 1000000,
             (long long)at.latitude_e6 % 1000000),
        text(longitude, "%lld.%06lld", (long long)at.longitude_e6 / 1000000,
             (long long)at.longitude_e6 % 1000000),
        "", code, "+08:00");
}

static void agree(struct maker *m, const char *inviting, const char *invited, bool automatic)
{
    char id[64], reference[64];
    const char *how = automatic ? "automatic" : "manual";
    ADD(m, TABLE_AGREEMENTS, text(id, "agr_%s_%s", inviting + 4, invited + 4), inviting, invited,
        "2026-01-01", "2028-12-31", "", "", "automatic", how, how, "automatic",
        automatic ? "ring_all" : "next_in_line", "45", text(reference, "合同 %s", id));
}

static void help(struct maker *m, const char *helped, const char *helper, const char *order)
{
    ADD(m, TABLE_HELP, helped, helper, "", order);
}

/* ---- panels and their people ---- */

static void member(struct maker *m, const char *panel, const char *of, unsigned number)
{
    static const char *const from[SHIFTS_A_DAY] = {"08:00", "16:00", "00:00"};
    char id[64], name[64];
    unsigned shift = number % SHIFTS_A_DAY;
    text(id, "acc_%s_%u", panel + 4, number + 1);
    ADD(m, TABLE_ACCOUNTS, id, id, text(name, "专家 %s-%u", panel + 4, number + 1), of,
        "specialist", "zh-CN", "no");
    ADD(m, TABLE_MEMBERS, panel, id, number ? "no" : "yes");
    ADD(m, TABLE_SHIFTS, panel, id, "mon tue wed thu fri sat sun", from[shift], "",
        from[(shift + 1) % SHIFTS_A_DAY]);
}

/* The first `count` of the specialties, commonest first. */
static void panels(struct maker *m, const char *of, const char *level, unsigned count)
{
    static const char *const specialties[] = {
        "emergency",       "cardiology",   "neurology",        "ecg",           "radiology",
        "general_surgery", "paediatrics",  "obstetrics",       "chest_pain",    "stroke",
        "orthopaedics",    "respiratory",  "gastroenterology", "endocrinology", "trauma",
        "critical_care",   "nephrology",   "pathology",        "dermatology",   "oncology",
        "ophthalmology",   "neurosurgery", "maternal_rescue",  "child_rescue"};
    for (unsigned i = 0; i < count && i < sizeof(specialties) / sizeof(specialties[0]); i++) {
        char id[64], name[64];
        text(id, "pan_%s_%u", of + 4, i + 1);
        ADD(m, TABLE_PANELS, id, text(name, "%s %s", of + 4, specialties[i]), specialties[i], of,
            level);
        for (unsigned k = 0; k < m->p->members; k++)
            member(m, id, of, k);
    }
}

static void centre(struct maker *m, const char *of, const char *level, const char *code,
                   struct spot at)
{
    char id[64], name[64], account[64];
    text(id, "cen_%s", of + 4);
    institution(m, id, text(name, "远程会诊中心 %s", of + 4), level, "consultation_centre", of,
                code, at);
    if (m->p->members)
        ADD(m, TABLE_ACCOUNTS, text(account, "acc_%s", id), account,
            text(name, "协调员 %s", of + 4), id, "coordinator", "zh-CN", "no");
}

/* ---- levels ---- */

static const struct spot middle = {LATITUDE_E6, LONGITUDE_E6};

static void make_province(struct maker *m)
{
    static const char *const names[] = {"省第一人民医院", "省第二人民医院", "省妇幼保健院"};
    for (unsigned i = 0; i < 3; i++) {
        char id[64];
        struct spot at = near(m, middle, CITY_E6);
        text(id, "ins_p%u", i + 1);
        institution(m, id, names[i], "province", "hospital", i ? "ins_p1" : "", "510000000000", at);
        panels(m, id, "province", i == 2 ? 0 : 24);
        if (i == 0)
            centre(m, id, "province", "510000000000", at);
    }
}

static void make_city(struct maker *m, unsigned city, struct spot at)
{
    char id[64], name[64], code[64];
    text(id, "ins_c%02u", city + 1);
    text(code, "51%02u00000000", city + 1);
    institution(m, id, text(name, "市%02u人民医院", city + 1), "city", "hospital", "ins_p1", code,
                at);
    centre(m, id, "city", code, at);
    panels(m, id, "city", 16);
    agree(m, id, "ins_p1", false);
    agree(m, id, "ins_p2", false);
    help(m, id, "ins_p1", "1");
    help(m, id, "ins_p2", "2");
}

/* What drives around or stands in the streets of a county. */
static void make_posts(struct maker *m, unsigned county, const char *of, const char *code)
{
    static const struct {
        const char *prefix, *name, *kind, *level;
    } posts[] = {{"amb", "救护车", "ambulance", "township"},
                 {"mob", "智慧流动医院", "mobile_clinic", "township"},
                 {"sta", "智慧健康站", "health_station", "village"}};
    for (size_t i = 0; i < sizeof(posts) / sizeof(posts[0]); i++) {
        char id[64], name[64];
        institution(m, text(id, "%s_x%03u", posts[i].prefix, county + 1),
                    text(name, "县%03u%s", county + 1, posts[i].name), posts[i].level,
                    posts[i].kind, of, code, near(m, m->counties[county], COUNTY_E6));
    }
}

static void make_county(struct maker *m, unsigned county, struct spot city_at)
{
    char id[64], second[64], name[64], code[64], city[64];
    text(id, "ins_x%03u", county + 1);
    text(city, "ins_c%02u", county / COUNTIES_A_CITY + 1);
    text(code, "51%02u%02u000000", county / COUNTIES_A_CITY + 1, county % COUNTIES_A_CITY + 21);
    m->counties[county] = near(m, city_at, CITY_E6);
    institution(m, id, text(name, "县%03u人民医院", county + 1), "county", "hospital", city, code,
                m->counties[county]);
    centre(m, id, "county", code, m->counties[county]);
    make_posts(m, county, id, code);
    panels(m, id, "county", 10);
    agree(m, id, city, true);
    agree(m, id, "ins_p1", false);
    help(m, id, city, "1");
    if (below(m, 2))
        return;
    text(second, "ins_y%03u", county + 1);
    institution(m, second, text(name, "县%03u中医医院", county + 1), "county", "hospital", city,
                code, near(m, m->counties[county], TOWNSHIP_E6));
    panels(m, second, "county", 4);
    help(m, id, second, "2");
}

static bool full(const unsigned *counts, unsigned of)
{
    return counts[of] >= 2 * GENERATE_PER_PARENT - 1;
}

/* Each parent gets one first, the others fall where they fall. */
static unsigned choose(struct maker *m, unsigned number, unsigned parents, const unsigned *counts)
{
    unsigned parent = number < parents ? number : below(m, parents);
    while (full(counts, parent))
        parent = (parent + 1) % parents;
    return parent;
}

static void make_township(struct maker *m, unsigned township)
{
    unsigned county = choose(m, township, m->p->counties, m->in_county);
    char id[64], name[64], of[64], *code = m->township_codes[township];
    snprintf(code, CODE_SIZE, "51%02u%02u%03u000", (county / COUNTIES_A_CITY + 1) % 100,
             county % COUNTIES_A_CITY + 21, ++m->in_county[county] % 1000);
    m->townships[township] = near(m, m->counties[county], COUNTY_E6);
    text(of, "ins_x%03u", county + 1);
    text(id, "twp_%s", code);
    institution(m, id, text(name, "乡镇%04u卫生院", township + 1), "township", "township_hospital",
                of, code, m->townships[township]);
    agree(m, id, of, true);
    help(m, id, of, "1");
}

static void make_village(struct maker *m, unsigned village)
{
    unsigned township = choose(m, village, m->p->townships, m->in_township);
    char id[64], name[64], of[64], code[64];
    text(of, "twp_%s", m->township_codes[township]);
    text(code, "%.9s%03u", m->township_codes[township], ++m->in_township[township] % 1000);
    institution(m, text(id, "vil_%s", code), text(name, "村%05u卫生室", village + 1), "village",
                "village_clinic", of, code, near(m, m->townships[township], TOWNSHIP_E6));
}

static void make_all(struct maker *m)
{
    make_province(m);
    for (unsigned c = 0; c < m->cities; c++) {
        struct spot at = near(m, middle, PROVINCE_E6);
        make_city(m, c, at);
        for (unsigned x = c * COUNTIES_A_CITY; x < (c + 1) * COUNTIES_A_CITY && x < m->p->counties;
             x++)
            make_county(m, x, at);
    }
    for (unsigned t = 0; t < m->p->townships && !m->failed; t++)
        make_township(m, t);
    for (unsigned v = 0; v < m->p->villages && !m->failed; v++)
        make_village(m, v);
}

static bool fits(const struct province *p)
{
    return p->counties >= 1 && p->counties <= GENERATE_COUNTIES_MAX &&
           p->townships >= p->counties && p->townships <= p->counties * GENERATE_PER_PARENT &&
           p->villages >= p->townships && p->villages / GENERATE_PER_PARENT <= p->townships - 1 &&
           p->members <= GENERATE_MEMBERS_MAX;
}

int generate_province(struct book *b, const struct province *p)
{
    if (!fits(p))
        return SQ_ERR_INVALID;
    struct maker m = {
        .book = b,
        .p = p,
        .state = p->seed,
        .cities = (p->counties + COUNTIES_A_CITY - 1) / COUNTIES_A_CITY,
        .counties = calloc(p->counties, sizeof(*m.counties)),
        .townships = calloc(p->townships, sizeof(*m.townships)),
        .in_county = calloc(p->counties, sizeof(*m.in_county)),
        .in_township = calloc(p->townships, sizeof(*m.in_township)),
        .township_codes = calloc(p->townships, sizeof(*m.township_codes)),
    };
    m.failed = !m.counties || !m.townships || !m.in_county || !m.in_township || !m.township_codes;
    if (!m.failed)
        make_all(&m);
    free(m.counties);
    free(m.townships);
    free(m.in_county);
    free(m.in_township);
    free(m.township_codes);
    book_sort(b);
    return m.failed ? SQ_ERR_NOMEM : 0;
}
