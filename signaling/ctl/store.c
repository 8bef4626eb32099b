/* SPDX-License-Identifier: Apache-2.0 */
/* shanqiaoctl store ...: which schema a database has, moving it up and down, and moving an
 * installation from one database to another. */
#include "shanqiao/error.h"
#include "signaling/ctl/ctl.h"
#include "signaling/store/copy.h"
#include "signaling/store/migrations.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int open_store(const struct ctl *c, const char *database, struct store **out)
{
    char error[STORE_ERROR_MAX], name[SERVICE_PATH_MAX];
    store_database_name(database, name, sizeof(name));
    if (!store_is_uri(database) && access(database, F_OK) != 0)
        return ctl_fail(c, "there is no database %s; `shanqiaoctl init` makes one",
                        "数据库 %s 不存在，请先运行 shanqiaoctl init", name);
    if (store_open_as_is(out, database, error) < 0)
        return ctl_fail(c, "%s: %s", "%s：%s", name, error);
    return CTL_OK;
}

static int need_database(const struct ctl *c)
{
    if (c->db)
        return CTL_OK;
    ctl_fail(c, "--db FILE is needed", "需要 --db FILE");
    return CTL_USAGE;
}

int ctl_store_status(struct ctl *c)
{
    struct store *s = NULL;
    struct shape *shape = NULL;
    int applied = 0;
    int status = need_database(c);
    if (status == CTL_OK)
        status = open_store(c, c->db, &s);
    if (status != CTL_OK)
        return status;
    if (migrations_applied(s, &applied) < 0 || shape_read(s, &shape) < 0)
        status = ctl_fail(c, "%s", "%s", store_error(s));
    if (status == CTL_OK) {
        fprintf(c->out, ctl_text(c, "schema %d of %zu (%s)\n", "结构版本 %d / %zu（%s）\n"),
                applied, migration_count,
                applied > 0 && applied <= (int)migration_count ? migrations[applied - 1].name
                                                               : "-");
        for (size_t i = 0; i < shape->count; i++)
            fprintf(c->out, "%s\t%lld\n", shape->tables[i].name, (long long)shape->tables[i].rows);
    }
    free(shape);
    store_close(s);
    return status;
}

/* --to N; without it the newest step. -1: no number, or none of ours. */
static int wanted_step(const struct ctl *c)
{
    char *end = NULL;
    if (!c->to)
        return (int)migration_count;
    long to = strtol(c->to, &end, 10);
    return end != c->to && !*end && to >= 0 && to <= (long)migration_count ? (int)to : -1;
}

static int explain_move(const struct ctl *c, const struct store *s, int error)
{
    if (error != SQ_ERR_CONFLICT)
        return ctl_fail(c, "%s", "%s", store_error(s));
    return ctl_fail(c,
                    "%s. Make a backup; then say --lose-data if that is wanted. The steps before "
                    "it are done.",
                    "%s。请先备份；确需丢弃数据时加 --lose-data。此前的步骤已完成。",
                    store_error(s));
}

int ctl_store_migrate(struct ctl *c)
{
    struct store *s = NULL;
    int to = wanted_step(c), applied = 0;
    int status = need_database(c);
    if (status != CTL_OK)
        return status;
    if (to < 0) {
        ctl_fail(c, "--to wants a number from 0 to %zu", "--to 需要 0 到 %zu 的数字",
                 migration_count);
        return CTL_USAGE;
    }
    status = open_store(c, c->db, &s);
    if (status != CTL_OK)
        return status;
    int error = migrations_move(s, to, c->lose_data);
    if (error < 0)
        status = explain_move(c, s, error);
    if (migrations_applied(s, &applied) == 0)
        fprintf(c->out, ctl_text(c, "schema %d of %zu\n", "结构版本 %d / %zu\n"), applied,
                migration_count);
    store_close(s);
    return status;
}

static void tell_table(const char *table, int64_t rows, void *user)
{
    const struct ctl *c = user;
    fprintf(c->out, "%s\t%lld\n", table, (long long)rows);
}

int ctl_store_copy(struct ctl *c)
{
    struct store *from = NULL, *to = NULL;
    char error[STORE_ERROR_MAX];
    int applied = 0;
    int status = open_store(c, c->arguments[0], &from);
    if (status != CTL_OK)
        return status;
    if (migrations_applied(from, &applied) < 0 || applied != (int)migration_count)
        status = ctl_fail(c,
                          "the database to copy has schema %d, this program %zu: run `shanqiaoctl "
                          "store migrate` on it first",
                          "源数据库结构版本为 %d，本程序为 %zu：请先对其运行 shanqiaoctl store "
                          "migrate",
                          applied, migration_count);
    else if (store_open(&to, c->arguments[1], error) < 0)
        status = ctl_fail(c, "%s", "%s", error);
    else if (store_copy(from, to, tell_table, c) < 0)
        status = ctl_fail(c, "nothing was copied: %s", "未复制任何数据：%s", store_error(to));
    else
        fprintf(c->out, "%s\n",
                ctl_text(c, "copied; start the servers on the new database only",
                         "复制完成；此后请只在新数据库上启动服务"));
    store_close(from);
    store_close(to);
    return status;
}
