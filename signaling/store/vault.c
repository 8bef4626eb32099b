/* SPDX-License-Identifier: Apache-2.0 */
/* Sealed values: version 1, key id, nonce, XChaCha20-Poly1305 (libsodium); the place is the
 * additional data. Refuses to know what is sealed. */
#include "signaling/store/vault.h"
#include "base/bytes.h"
#include "base/random.h"
#include "shanqiao/error.h"
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FORMAT_VERSION  1
#define KEY_BYTES       crypto_aead_xchacha20poly1305_ietf_KEYBYTES
#define NONCE_BYTES     crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define TAG_BYTES       crypto_aead_xchacha20poly1305_ietf_ABYTES
#define HEAD_BYTES      (1 + 4 + NONCE_BYTES)
#define PLACE_BYTES_MAX 256
#define LINE_MAX_BYTES  256

_Static_assert(HEAD_BYTES + TAG_BYTES == VAULT_OVERHEAD, "the header names the overhead");

struct vault_key {
    uint32_t id;
    uint8_t secret[KEY_BYTES];
};

struct vault {
    size_t count;
    struct vault_key keys[VAULT_KEYS_MAX];
};

int vault_create(const char *file)
{
    uint8_t secret[KEY_BYTES];
    char hex[2 * KEY_BYTES + 1];
    char text[LINE_MAX_BYTES];
    int fd = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return errno == EEXIST ? SQ_ERR_CONFLICT : SQ_ERR_IO;
    random_bytes(secret, sizeof(secret));
    sodium_bin2hex(hex, sizeof(hex), secret, sizeof(secret));
    int len = snprintf(text, sizeof(text),
                       "# master key: without it the records can't be read; keep a copy offline\n"
                       "1 %s\n",
                       hex);
    bool ok = write(fd, text, (size_t)len) == len && fsync(fd) == 0;
    ok = close(fd) == 0 && ok;
    sodium_memzero(secret, sizeof(secret));
    sodium_memzero(hex, sizeof(hex));
    sodium_memzero(text, sizeof(text));
    if (!ok)
        unlink(file);
    return ok ? 0 : SQ_ERR_IO;
}

static int read_line(struct vault *v, char *line)
{
    line[strcspn(line, "#\r\n")] = '\0';
    char *at = line + strspn(line, " \t");
    if (!*at)
        return 0;
    char *end = NULL;
    errno = 0;
    unsigned long id = strtoul(at, &end, 10);
    if (end == at || errno || id == 0 || id > UINT32_MAX || (*end != ' ' && *end != '\t'))
        return SQ_ERR_INVALID;
    if (v->count == VAULT_KEYS_MAX)
        return SQ_ERR_INVALID;
    struct vault_key *key = &v->keys[v->count];
    const char *hex = end + strspn(end, " \t");
    const char *hex_end = NULL;
    size_t len = 0;
    if (sodium_hex2bin(key->secret, KEY_BYTES, hex, strlen(hex), NULL, &len, &hex_end) != 0 ||
        len != KEY_BYTES || hex_end[strspn(hex_end, " \t")] != '\0')
        return SQ_ERR_INVALID;
    key->id = (uint32_t)id;
    v->count++;
    return 0;
}

static int read_keys(struct vault *v, FILE *in, char error[VAULT_ERROR_MAX])
{
    char line[LINE_MAX_BYTES];
    int number = 0;
    int status = 0;
    while (status == 0 && fgets(line, sizeof(line), in)) {
        number++;
        status = strchr(line, '\n') || feof(in) ? read_line(v, line) : SQ_ERR_INVALID;
    }
    sodium_memzero(line, sizeof(line));
    if (status == 0 && v->count > 0)
        return 0;
    if (status == 0)
        number = 1;
    snprintf(error, VAULT_ERROR_MAX,
             "master key file, line %d: wanted \"<id> <64 hex digits>\" (at most %d keys)", number,
             VAULT_KEYS_MAX);
    return SQ_ERR_INVALID;
}

/* Key files are private: a mode that others may read is refused, not repaired. */
static int open_private(const char *file, FILE **out, char error[VAULT_ERROR_MAX])
{
    struct stat st;
    FILE *in = fopen(file, "re");
    if (!in || fstat(fileno(in), &st) != 0) {
        snprintf(error, VAULT_ERROR_MAX,
                 "can't read the master key file: %s; `shanqiaoctl init` makes one",
                 strerror(errno));
        if (in)
            fclose(in);
        return SQ_ERR_IO;
    }
    if (st.st_mode & 077) {
        snprintf(error, VAULT_ERROR_MAX,
                 "others may read the master key file (mode %03o): chmod 600 it, and make a new "
                 "key if somebody did",
                 (unsigned)(st.st_mode & 0777));
        fclose(in);
        return SQ_ERR_DENIED;
    }
    *out = in;
    return 0;
}

int vault_open(struct vault **out, const char *file, char error[VAULT_ERROR_MAX])
{
    FILE *in = NULL;
    *out = NULL;
    if (sodium_init() < 0) {
        snprintf(error, VAULT_ERROR_MAX, "libsodium does not start");
        return SQ_ERR_INTERNAL;
    }
    int status = open_private(file, &in, error);
    if (status < 0)
        return status;
    struct vault *v = calloc(1, sizeof(*v));
    if (v) {
        sodium_mlock(v, sizeof(*v)); /* best effort: kept out of swap where limits allow */
        status = read_keys(v, in, error);
    } else {
        snprintf(error, VAULT_ERROR_MAX, "out of memory");
        status = SQ_ERR_NOMEM;
    }
    fclose(in);
    if (status < 0) {
        vault_close(v);
        return status;
    }
    *out = v;
    return 0;
}

void vault_close(struct vault *v)
{
    if (!v)
        return;
    sodium_munlock(v, sizeof(*v)); /* zeroes it */
    sodium_memzero(v, sizeof(*v));
    free(v);
}

/* "table\0id\0column\0": zeros end the parts, so that no two places have the same bytes. 0 when it
 * is too long. */
static size_t place_bytes(const struct vault_place *place, uint8_t out[PLACE_BYTES_MAX])
{
    struct byte_writer w = byte_writer_of(out, PLACE_BYTES_MAX);
    byte_write(&w, place->table, strlen(place->table) + 1);
    byte_write(&w, place->id, strlen(place->id) + 1);
    byte_write(&w, place->column, strlen(place->column) + 1);
    return w.failed ? 0 : byte_writer_len(&w);
}

int vault_seal(const struct vault *v, const struct vault_place *place, const void *plain,
               size_t len_bytes, uint8_t **out, size_t *out_len)
{
    uint8_t where[PLACE_BYTES_MAX];
    unsigned long long sealed_len = 0;
    size_t where_len = place_bytes(place, where);
    *out = NULL;
    *out_len = 0;
    if (len_bytes > VAULT_PLAIN_MAX || where_len == 0)
        return SQ_ERR_LIMIT;
    uint8_t *bytes = malloc(VAULT_OVERHEAD + len_bytes);
    if (!bytes)
        return SQ_ERR_NOMEM;
    bytes[0] = FORMAT_VERSION;
    bytes_put_u32(bytes + 1, v->keys[0].id);
    random_bytes(bytes + 5, NONCE_BYTES);
    crypto_aead_xchacha20poly1305_ietf_encrypt(bytes + HEAD_BYTES, &sealed_len, plain, len_bytes,
                                               where, where_len, NULL, bytes + 5,
                                               v->keys[0].secret);
    *out = bytes;
    *out_len = HEAD_BYTES + (size_t)sealed_len;
    return 0;
}

static const struct vault_key *find_key(const struct vault *v, uint32_t id)
{
    for (size_t i = 0; i < v->count; i++)
        if (v->keys[i].id == id)
            return &v->keys[i];
    return NULL;
}

int vault_unseal(const struct vault *v, const struct vault_place *place, const void *sealed,
                 size_t len_bytes, uint8_t **out, size_t *out_len)
{
    uint8_t where[PLACE_BYTES_MAX];
    unsigned long long plain_len = 0;
    const uint8_t *bytes = sealed;
    size_t where_len = place_bytes(place, where);
    *out = NULL;
    *out_len = 0;
    if (!bytes || len_bytes < VAULT_OVERHEAD || bytes[0] != FORMAT_VERSION || where_len == 0)
        return SQ_ERR_FORGED;
    const struct vault_key *key = find_key(v, bytes_get_u32(bytes + 1));
    if (!key)
        return SQ_ERR_FORGED;
    uint8_t *plain = malloc(len_bytes - VAULT_OVERHEAD + 1);
    if (!plain)
        return SQ_ERR_NOMEM;
    if (crypto_aead_xchacha20poly1305_ietf_decrypt(plain, &plain_len, NULL, bytes + HEAD_BYTES,
                                                   len_bytes - HEAD_BYTES, where, where_len,
                                                   bytes + 5, key->secret) != 0) {
        free(plain);
        return SQ_ERR_FORGED;
    }
    plain[plain_len] = '\0';
    *out = plain;
    *out_len = (size_t)plain_len;
    return 0;
}
