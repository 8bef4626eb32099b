/* SPDX-License-Identifier: Apache-2.0 */
/* See writes.h. SQLite is reached by a VFS on top of its own, PostgreSQL by the store's table of
 * functions. */
#include "writes.h"
#include <criterion/criterion.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

static int64_t count, fatal;
static bool armed;

static bool is_fatal(void)
{
    return armed && ++count == fatal;
}

static void die(void)
{
    kill(getpid(), SIGKILL);
}

static void one_write(void)
{
    if (is_fatal())
        die();
}

/* ---- SQLite ---- */

struct file {
    sqlite3_file base;
    sqlite3_file *below; /* behind this struct */
};

static sqlite3_file *below(sqlite3_file *f)
{
    return ((struct file *)f)->below;
}

static int file_close(sqlite3_file *f)
{
    return below(f)->pMethods->xClose(below(f));
}

static int file_read(sqlite3_file *f, void *to, int size, sqlite3_int64 at)
{
    return below(f)->pMethods->xRead(below(f), to, size, at);
}

/* Half of it arrives when this is the one. */
static int file_write(sqlite3_file *f, const void *from, int size, sqlite3_int64 at)
{
    if (is_fatal()) {
        below(f)->pMethods->xWrite(below(f), from, size / 2, at);
        die();
    }
    return below(f)->pMethods->xWrite(below(f), from, size, at);
}

static int file_truncate(sqlite3_file *f, sqlite3_int64 size)
{
    one_write();
    return below(f)->pMethods->xTruncate(below(f), size);
}

static int file_sync(sqlite3_file *f, int flags)
{
    one_write();
    return below(f)->pMethods->xSync(below(f), flags);
}

static int file_size(sqlite3_file *f, sqlite3_int64 *size)
{
    return below(f)->pMethods->xFileSize(below(f), size);
}

static int file_lock(sqlite3_file *f, int level)
{
    return below(f)->pMethods->xLock(below(f), level);
}

static int file_unlock(sqlite3_file *f, int level)
{
    return below(f)->pMethods->xUnlock(below(f), level);
}

static int file_reserved(sqlite3_file *f, int *out)
{
    return below(f)->pMethods->xCheckReservedLock(below(f), out);
}

static int file_control(sqlite3_file *f, int op, void *argument)
{
    return below(f)->pMethods->xFileControl(below(f), op, argument);
}

static int file_sector(sqlite3_file *f)
{
    return below(f)->pMethods->xSectorSize(below(f));
}

static int file_traits(sqlite3_file *f)
{
    return below(f)->pMethods->xDeviceCharacteristics(below(f));
}

static int shm_map(sqlite3_file *f, int page, int size, int extend, void volatile **out)
{
    return below(f)->pMethods->xShmMap(below(f), page, size, extend, out);
}

static int shm_lock(sqlite3_file *f, int offset, int n, int flags)
{
    return below(f)->pMethods->xShmLock(below(f), offset, n, flags);
}

static void shm_barrier(sqlite3_file *f)
{
    below(f)->pMethods->xShmBarrier(below(f));
}

static int shm_unmap(sqlite3_file *f, int remove)
{
    return below(f)->pMethods->xShmUnmap(below(f), remove);
}

static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = file_close,
    .xRead = file_read,
    .xWrite = file_write,
    .xTruncate = file_truncate,
    .xSync = file_sync,
    .xFileSize = file_size,
    .xLock = file_lock,
    .xUnlock = file_unlock,
    .xCheckReservedLock = file_reserved,
    .xFileControl = file_control,
    .xSectorSize = file_sector,
    .xDeviceCharacteristics = file_traits,
    .xShmMap = shm_map,
    .xShmLock = shm_lock,
    .xShmBarrier = shm_barrier,
    .xShmUnmap = shm_unmap,
};

static sqlite3_vfs *system_vfs, deadly_vfs;

static int vfs_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *f, int flags, int *out)
{
    struct file *file = (struct file *)f;
    (void)vfs;
    file->below = (sqlite3_file *)(file + 1);
    int status = system_vfs->xOpen(system_vfs, name, file->below, flags, out);
    f->pMethods = file->below->pMethods ? &methods : NULL;
    return status;
}

void writes_prepare(void)
{
    system_vfs = sqlite3_vfs_find(NULL);
    cr_assert_not_null(system_vfs);
    deadly_vfs = *system_vfs;
    deadly_vfs.zName = "deadly";
    deadly_vfs.pNext = NULL;
    deadly_vfs.szOsFile = (int)sizeof(struct file) + system_vfs->szOsFile;
    deadly_vfs.xOpen = vfs_open;
    cr_assert_eq(sqlite3_vfs_register(&deadly_vfs, 1), SQLITE_OK);
}

/* ---- PostgreSQL ---- */

static const struct store_ops *inner;
static struct store_ops outer;

static int deadly_prepare(void *engine, const char *sql, const struct store_value *values, size_t n,
                          void **cursor)
{
    if (strncasecmp(sql, "SELECT", 6) != 0 && strncasecmp(sql, "WITH", 4) != 0)
        one_write();
    return inner->prepare(engine, sql, values, n, cursor);
}

static int deadly_later(void *engine, const char *sql, const struct store_value *values, size_t n,
                        bool one)
{
    one_write();
    return inner->later(engine, sql, values, n, one);
}

/* Killed before it is sent; killed when it stands and nobody was told. */
static int deadly_commit(void *engine)
{
    one_write();
    int status = inner->commit(engine);
    one_write();
    return status;
}

static int deadly_begin(void *engine)
{
    one_write();
    return inner->begin(engine);
}

void writes_arm(struct store *s, int64_t at)
{
    inner = s->ops;
    outer = *s->ops;
    outer.prepare = deadly_prepare;
    outer.later = inner->later ? deadly_later : NULL; /* SQLite runs them at once */
    outer.commit = deadly_commit;
    outer.begin = deadly_begin;
    s->ops = &outer;
    count = 0;
    fatal = at;
    armed = true;
}

int64_t writes_count(void)
{
    return count;
}
