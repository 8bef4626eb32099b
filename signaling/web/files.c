/* SPDX-License-Identifier: Apache-2.0 */
/* See files.h. */
#include "signaling/web/files.h"

#include "shanqiao/error.h"
#include "signaling/web/policy.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TAG_BYTES 12 /* of SHA-256: enough to tell builds apart */
#define TWIN      ".gz"
#define TWIN_LEN  (sizeof TWIN - 1)

struct reading {
    struct files *files;
    int folder;
    char *error;
};

static int fail(const struct reading *r, int error, const char *name, const char *why)
{
    snprintf(r->error, FILES_ERROR_MAX, "%.*s: %s", FILES_NAME_MAX, name, why);
    return error;
}

static void make_tag(struct files_content *c, const char *suffix)
{
    uint8_t hash[crypto_hash_sha256_BYTES];
    char text[2 * TAG_BYTES + 1];
    crypto_hash_sha256(hash, c->bytes, c->len);
    sodium_bin2hex(text, sizeof text, hash, TAG_BYTES);
    snprintf(c->etag, sizeof c->etag, "\"%s%s\"", text, suffix);
}

static int read_whole(int fd, uint8_t *to, size_t len)
{
    for (size_t at = 0; at < len;) {
        ssize_t n = read(fd, to + at, len - at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return SQ_ERR_IO;
        at += (size_t)n;
    }
    return 0;
}

static int read_content(struct reading *r, int fd, const char *name, const char *suffix,
                        struct files_content *out)
{
    struct stat st;
    if (fstat(fd, &st))
        return fail(r, SQ_ERR_IO, name, strerror(errno));
    if (st.st_size < 0 || (size_t)st.st_size > FILES_BYTES_MAX - r->files->total_bytes)
        return fail(r, SQ_ERR_INVALID, name, "the pages are larger than 64 MiB together");
    size_t len = (size_t)st.st_size;
    out->bytes = malloc(len + 1); /* an empty file has bytes too */
    if (!out->bytes)
        return fail(r, SQ_ERR_NOMEM, name, "no memory");
    if (read_whole(fd, out->bytes, len))
        return fail(r, SQ_ERR_IO, name, "it changed while it was read");
    out->bytes[len] = 0;
    out->len = len;
    r->files->total_bytes += len;
    make_tag(out, suffix);
    return 0;
}

/* 1: opened, a regular file of its own; 0: passed over. */
static int open_regular(const struct reading *r, const char *name, int *fd)
{
    struct stat st;
    *fd = openat(r->folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (*fd >= 0 && fstat(*fd, &st) == 0 && S_ISREG(st.st_mode))
        return 1;
    if (*fd >= 0)
        close(*fd);
    return 0;
}

static int read_part(struct reading *r, const char *name, const char *suffix,
                     struct files_content *out)
{
    int fd;
    if (!open_regular(r, name, &fd))
        return 0;
    int status = read_content(r, fd, name, suffix, out);
    close(fd);
    return status;
}

static bool served(const char *name)
{
    return name[0] != '.' && strlen(name) + TWIN_LEN < FILES_NAME_MAX && policy_type(name);
}

static int add(struct reading *r, const char *name)
{
    struct files *f = r->files;
    struct files_entry e = {.type = policy_type(name), .immutable = policy_immutable(name)};
    char twin[FILES_NAME_MAX + TWIN_LEN];
    snprintf(e.name, sizeof e.name, "%s", name);
    snprintf(twin, sizeof twin, "%s" TWIN, name);
    int status = f->count < FILES_MAX ? read_part(r, name, "", &e.plain)
                                      : fail(r, SQ_ERR_INVALID, name, "there are too many files");
    if (status == 0 && e.plain.bytes)
        status = read_part(r, twin, "-gz", &e.gzip);
    struct files_entry *grown =
        status == 0 && e.plain.bytes ? reallocarray(f->entries, f->count + 1, sizeof *grown) : NULL;
    if (grown) {
        f->entries = grown;
        f->entries[f->count++] = e;
        return 0;
    }
    if (status == 0 && e.plain.bytes)
        status = fail(r, SQ_ERR_NOMEM, name, "no memory");
    free(e.plain.bytes);
    free(e.gzip.bytes);
    return status;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct files_entry *)a)->name, ((const struct files_entry *)b)->name);
}

static int read_all(struct reading *r, DIR *d)
{
    const struct dirent *entry;
    int status = 0;
    while (status == 0 && (entry = readdir(d))) {
        if (served(entry->d_name))
            status = add(r, entry->d_name);
    }
    if (status == 0 && r->files->count)
        qsort(r->files->entries, r->files->count, sizeof *r->files->entries, by_name);
    if (status == 0 && !files_find(r->files, FILES_INDEX))
        status = fail(r, SQ_ERR_INVALID, FILES_INDEX, "it is missing; build the pages first");
    return status;
}

int files_read(struct files **out, const char *directory, char error[FILES_ERROR_MAX])
{
    struct reading r = {.files = calloc(1, sizeof *r.files), .error = error};
    DIR *d = opendir(directory);
    int status = 0;
    error[0] = '\0';
    if (!r.files)
        status = fail(&r, SQ_ERR_NOMEM, directory, "no memory");
    else if (!d)
        status = fail(&r, SQ_ERR_IO, directory, strerror(errno));
    if (status == 0) {
        r.files->refs = 1;
        r.folder = dirfd(d);
        status = read_all(&r, d);
    }
    if (d)
        closedir(d);
    if (status == 0)
        *out = r.files;
    else
        files_unref(r.files);
    return status;
}

struct files *files_ref(struct files *f)
{
    f->refs++;
    return f;
}

void files_unref(struct files *f)
{
    if (!f || (f->refs && --f->refs))
        return;
    for (size_t i = 0; i < f->count; i++) {
        free(f->entries[i].plain.bytes);
        free(f->entries[i].gzip.bytes);
    }
    free(f->entries);
    free(f);
}

const struct files_entry *files_find(const struct files *f, const char *name)
{
    size_t low = 0, high = f->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = strcmp(f->entries[middle].name, name);
        if (order == 0)
            return &f->entries[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}
