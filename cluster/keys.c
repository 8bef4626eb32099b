/* SPDX-License-Identifier: Apache-2.0 */
/* The key file: lines "<id> <64 hex digits>", `#` comments, at most CLUSTER_KEYS_MAX keys, readable
 * by its owner (and a group of the service) only. */
#include "cluster/cluster.h"
#include "shanqiao/error.h"
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define KEY_FILE_MAX   4096 /* bytes: two keys and some comments */
#define KEY_HEX_DIGITS (2 * CLUSTER_KEY_BYTES)

static const char *skip_blanks(const char *p)
{
    while (*p == ' ' || *p == '\t' || *p == '\r')
        p++;
    return p;
}

static bool id_parse(const char **at, uint32_t *out)
{
    const char *p = *at;
    uint64_t id = 0;
    while (*p >= '0' && *p <= '9') {
        id = id * 10 + (uint64_t)(*p++ - '0');
        if (id > UINT32_MAX)
            return false;
    }
    if (p == *at || (*p != ' ' && *p != '\t'))
        return false;
    *at = p;
    *out = (uint32_t)id;
    return true;
}

static bool key_parse(const char *line, struct cluster_key *out)
{
    const char *p = line;
    if (!id_parse(&p, &out->id))
        return false;
    p = skip_blanks(p);
    if (strspn(p, "0123456789abcdefABCDEF") != KEY_HEX_DIGITS)
        return false;
    size_t bytes = 0;
    if (sodium_hex2bin(out->secret, CLUSTER_KEY_BYTES, p, KEY_HEX_DIGITS, NULL, &bytes, NULL) !=
            0 ||
        bytes != CLUSTER_KEY_BYTES)
        return false;
    p = skip_blanks(p + KEY_HEX_DIGITS);
    return *p == 0 || *p == '#';
}

static int keys_parse(char *text, struct cluster_key *keys, size_t *count, int *line)
{
    char *next = text;
    *line = 0;
    while (next) {
        const char *at = skip_blanks(strsep(&next, "\n"));
        ++*line;
        if (*at == 0 || *at == '#')
            continue;
        struct cluster_key key;
        bool good = *count < CLUSTER_KEYS_MAX && key_parse(at, &key);
        if (!good || (*count && keys[0].id == key.id))
            return SQ_ERR_INVALID;
        keys[(*count)++] = key;
        sodium_memzero(&key, sizeof key);
    }
    return *count ? 0 : SQ_ERR_INVALID;
}

static int file_read(const char *file, char text[KEY_FILE_MAX])
{
    int fd = open(file, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return SQ_ERR_IO;
    struct stat st;
    int rc = SQ_ERR_IO;
    if (fstat(fd, &st) != 0)
        goto out;
    errno = S_ISDIR(st.st_mode) ? EISDIR : EINVAL;
    if (!S_ISREG(st.st_mode))
        goto out;
    rc = SQ_ERR_DENIED;
    if (st.st_mode & (S_IROTH | S_IWOTH | S_IWGRP))
        goto out;
    rc = SQ_ERR_INVALID;
    if (st.st_size >= KEY_FILE_MAX)
        goto out;
    ssize_t n = read(fd, text, KEY_FILE_MAX - 1);
    rc = SQ_ERR_IO;
    if (n < 0)
        goto out;
    text[n] = 0;
    rc = strlen(text) == (size_t)n ? 0 : SQ_ERR_INVALID;
out:
    close(fd);
    return rc;
}

int cluster_keys_read(const char *file, struct cluster_key keys[CLUSTER_KEYS_MAX], size_t *count,
                      int *line)
{
    char text[KEY_FILE_MAX];
    *count = 0;
    *line = 1;
    int rc = file_read(file, text);
    if (rc == 0)
        rc = keys_parse(text, keys, count, line);
    if (rc < 0) {
        sodium_memzero(keys, CLUSTER_KEYS_MAX * sizeof keys[0]);
        *count = 0;
    }
    sodium_memzero(text, sizeof text);
    return rc;
}

int cluster_keys_configure(struct cluster_config *out, const char *file,
                           const struct config_sources *sources, char error[CONFIG_ERROR_MAX])
{
    static const char want[] = "the file with the keys of node messages, the same on every node";
    static const char name[] = "cluster.key_file";
    char quoted[CONFIG_PHRASE_MAX], found[CONFIG_PHRASE_MAX + 64], remedy[CONFIG_TEXT_MAX + 128];
    struct stat st = {0};
    int line = 0;
    errno = 0;
    int rc = cluster_keys_read(file, out->keys, &out->key_count, &line);
    int reason = errno;
    config_quote(file, quoted);
    if (rc == SQ_ERR_DENIED) {
        (void)stat(file, &st);
        snprintf(found, sizeof found, "%s with mode %03o", quoted, (unsigned)(st.st_mode & 0777));
        snprintf(remedy, sizeof remedy, "run chmod 600 %s, and make new keys if others read it",
                 file);
        (void)config_refuse(sources, name, found, "a file that others can't read", remedy, error);
    } else if (rc == SQ_ERR_INVALID) {
        snprintf(found, sizeof found, "%s whose line %d is no key", quoted, line);
        snprintf(remedy, sizeof remedy, "correct %s:%d, or copy the file from another node anew",
                 file, line);
        (void)config_refuse(sources, name, found,
                            "one or two lines of a number and 64 hexadecimal digits", remedy,
                            error);
    } else if (rc < 0) {
        snprintf(found, sizeof found, "%s: %s", quoted, strerror(reason));
        (void)config_refuse(sources, name, found, want,
                            "make it with \"shanqiaoctl cluster new-key FILE\" and copy it to all "
                            "nodes, readable by the program's user",
                            error);
    }
    return rc;
}
