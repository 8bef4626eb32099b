/* SPDX-License-Identifier: Apache-2.0 */
/* Encryption at rest: XChaCha20-Poly1305 under the installation's master key. The place of a value
 * (table, id, column) is authenticated with it, so a sealed value moved elsewhere does not open.
 * Key file: lines "<id> <64 hex digits>", `#` comments, mode 0600; the first seals, all open
 * (rotation). */
#ifndef SIGNALING_STORE_VAULT_H
#define SIGNALING_STORE_VAULT_H

#include <stddef.h>
#include <stdint.h>

#define VAULT_KEYS_MAX  4
#define VAULT_OVERHEAD  (1 + 4 + 24 + 16) /* version, key id, nonce, tag */
#define VAULT_PLAIN_MAX (1024 * 1024)     /* bytes of one value */
#define VAULT_ERROR_MAX 256

struct vault;

struct vault_place {
    const char *table;
    const char *id;
    const char *column;
};

/* Makes a key file of mode 0600. SQ_ERR_CONFLICT when it is there already (never overwritten),
 * SQ_ERR_IO. */
int vault_create(const char *file);

/* 0, SQ_ERR_IO, SQ_ERR_DENIED (others may read the file), SQ_ERR_INVALID, SQ_ERR_NOMEM; `error`
 * says what to do. */
int vault_open(struct vault **out, const char *file, char error[VAULT_ERROR_MAX]);
void vault_close(struct vault *v);

/* New heap bytes in *out (the caller frees). 0, SQ_ERR_NOMEM, SQ_ERR_LIMIT. */
int vault_seal(const struct vault *v, const struct vault_place *place, const void *plain,
               size_t len_bytes, uint8_t **out, size_t *out_len);
/* New heap bytes, one zero added behind (not counted). 0, SQ_ERR_NOMEM, SQ_ERR_FORGED. */
int vault_unseal(const struct vault *v, const struct vault_place *place, const void *sealed,
                 size_t len_bytes, uint8_t **out, size_t *out_len);

#endif
