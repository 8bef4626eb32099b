/* SPDX-License-Identifier: Apache-2.0 */
/* The directory out of the store, looked through, or made up. Its way in is import.c. */
#include "shanqiao/error.h"
#include "signaling/ctl/ctl.h"
#include "signaling/exchange/generate.h"
#include "signaling/exchange/plan.h"
#include "signaling/exchange/review.h"
#include "signaling/exchange/shelf.h"
#include "signaling/store/store.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define COUNTIES_DEFAULT  183 /* a province of the plateau */
#define TOWNSHIPS_DEFAULT 4000
#define VILLAGES_DEFAULT  30000

/* ---- writing ---- */

static int write_folder(const struct ctl *c, const struct book *b, const char *path)
{
    if (mkdir(path, 0750) != 0 && errno != EEXIST)
        return ctl_fail(c, "%s: %s", "%s：%s", path, strerror(errno));
    if (book_write_csv(b, path) < 0)
        return ctl_fail(c, "%s: %s", "%s：%s", path, strerror(errno));
    return CTL_OK;
}

static int write_json(const struct ctl *c, const struct book *b, const char *path)
{
    bool standard = strcmp(path, "-") == 0;
    FILE *to = standard ? c->out : fopen(path, "wb");
    if (!to)
        return ctl_fail(c, "%s: %s", "%s：%s", path, strerror(errno));
    bool bad = book_write_json(b, to) < 0;
    if (!standard)
        bad |= fclose(to) != 0;
    return bad ? ctl_fail(c, "%s: %s", "%s：%s", path, strerror(errno)) : CTL_OK;
}

/* By --format, else by the path: *.json and - are JSON, all else is a folder of CSV files. */
static int write_book(const struct ctl *c, const struct book *b, const char *path)
{
    size_t len = strlen(path);
    bool json = strcmp(path, "-") == 0 || (len > 5 && strcmp(path + len - 5, ".json") == 0);
    if (c->directory.format && strcmp(c->directory.format, "json") != 0 &&
        strcmp(c->directory.format, "csv") != 0) {
        ctl_fail(c, "--format is json or csv", "--format 应为 json 或 csv");
        return CTL_USAGE;
    }
    if (c->directory.format)
        json = strcmp(c->directory.format, "json") == 0;
    return json ? write_json(c, b, path) : write_folder(c, b, path);
}

static int open_book(struct ctl *c, struct book *b)
{
    struct service s;
    book_init(b);
    int status = ctl_open(c, &s);
    if (status != CTL_OK)
        return status;
    int error = book_load(b, s.store);
    if (error < 0)
        status = ctl_fail(c, "%s: %s", "%s：%s", sq_error_name(error), store_error(s.store));
    service_close(&s);
    return status;
}

int ctl_directory_export(struct ctl *c)
{
    struct book b;
    int status = open_book(c, &b);
    if (status == CTL_OK)
        status = write_book(c, &b, c->arguments[0]);
    book_fini(&b);
    return status;
}

int ctl_directory_check(struct ctl *c)
{
    struct book b;
    char today[16];
    int status = open_book(c, &b);
    if (status == CTL_OK) {
        field_date_text(c->utc_us / (24 * 3600 * TIME_US_PER_S), today);
        rules_check(&b, &b);
        review_directory(&b, today);
        ctl_faults(c, &b);
        fprintf(c->out,
                ctl_text(c, "%zu institutions, %zu panels, %zu agreements: %zu remarks\n",
                         "机构 %zu，专家组 %zu，协议 %zu：%zu 处提示\n"),
                b.sheets[TABLE_INSTITUTIONS].count, b.sheets[TABLE_PANELS].count,
                b.sheets[TABLE_AGREEMENTS].count, b.fault_count);
        status = b.fault_count ? CTL_BAD : CTL_OK;
    }
    book_fini(&b);
    return status;
}

/* ---- generating ---- */

static bool take_number(const char *text, uint64_t fallback, uint64_t most, uint64_t *out)
{
    char *end = NULL;
    *out = fallback;
    if (!text)
        return true;
    errno = 0;
    *out = strtoull(text, &end, 10);
    return text[0] >= '0' && text[0] <= '9' && !*end && !errno && *out <= most;
}

static bool take_numbers(const struct ctl *c, struct province *p)
{
    uint64_t counties, townships, villages, members;
    bool good = take_number(c->directory.counties, COUNTIES_DEFAULT, UINT16_MAX, &counties) &&
                take_number(c->directory.townships, TOWNSHIPS_DEFAULT, UINT16_MAX, &townships) &&
                take_number(c->directory.villages, VILLAGES_DEFAULT, UINT32_MAX, &villages) &&
                take_number(c->directory.members, 0, UINT16_MAX, &members) &&
                take_number(c->directory.seed, 1, UINT64_MAX, &p->seed);
    if (good) {
        p->counties = (unsigned)counties;
        p->townships = (unsigned)townships;
        p->villages = (unsigned)villages;
        p->members = (unsigned)members;
    }
    return good;
}

int ctl_directory_generate(struct ctl *c)
{
    struct province p;
    struct book b;
    if (!c->directory.out || !take_numbers(c, &p)) {
        ctl_fail(c, "wanted: --out and numbers", "需要 --out 和数字");
        return CTL_USAGE;
    }
    book_init(&b);
    int error = generate_province(&b, &p);
    int status = CTL_OK;
    if (error == SQ_ERR_INVALID)
        status = ctl_fail(c,
                          "these numbers do not go together: 1 to %d counties, each with 1 to %d "
                          "townships, each with 1 to %d villages, at most %d members",
                          "数量不匹配：县 1 到 %d 个，每县乡镇 1 到 %d 个，每乡镇村 1 到 %d "
                          "个，每组成员最多 %d 名",
                          GENERATE_COUNTIES_MAX, GENERATE_PER_PARENT, GENERATE_PER_PARENT,
                          GENERATE_MEMBERS_MAX);
    else if (error < 0)
        status = ctl_fail(c, "out of memory", "内存不足");
    else
        status = write_book(c, &b, c->directory.out);
    book_fini(&b);
    return status;
}
