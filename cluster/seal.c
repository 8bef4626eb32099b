/* SPDX-License-Identifier: Apache-2.0 */
/* Sealing and opening of frames; see seal.h for layout and reasons. */
#include "cluster/seal.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/random.h"
#include "shanqiao/error.h"
#include <sodium.h>

#define AAD_BYTES        (SEAL_HEADER_BYTES + CLUSTER_NODE_MAX)
#define BOOT_RANDOM_BITS 22
#define COUNTER_MAX      (UINT64_MAX - 1)
_Static_assert(SEAL_NONCE_BYTES == crypto_aead_xchacha20poly1305_ietf_NPUBBYTES, "nonce");
_Static_assert(SEAL_TAG_BYTES == crypto_aead_xchacha20poly1305_ietf_ABYTES, "tag");
_Static_assert(CLUSTER_KEY_BYTES == crypto_aead_xchacha20poly1305_ietf_KEYBYTES, "key");

static bool node_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
}

bool seal_node_valid(const char *node)
{
    size_t n = 0;
    while (n < CLUSTER_NODE_MAX && node[n]) {
        if (!node_char(node[n]))
            return false;
        n++;
    }
    return n >= 1 && n < CLUSTER_NODE_MAX;
}

int seal_init(struct seal *s, const char *node, const struct cluster_key *keys, size_t key_count,
              uint64_t boot)
{
    if (!seal_node_valid(node) || key_count < 1 || key_count > CLUSTER_KEYS_MAX)
        return SQ_ERR_INVALID;
    if (key_count == 2 && keys[0].id == keys[1].id)
        return SQ_ERR_INVALID;
    *s = (struct seal){.boot = boot, .key_count = key_count};
    memcpy(s->node, node, strlen(node));
    memcpy(s->keys, keys, key_count * sizeof keys[0]);
    return 0;
}

void seal_fini(struct seal *s)
{
    sodium_memzero(s, sizeof *s);
}

static void put_header(uint8_t *out, const struct seal_header *h)
{
    out[0] = SEAL_VERSION;
    out[1] = (uint8_t)h->type;
    bytes_put_u16(out + 2, 0);
    bytes_put_u32(out + 4, h->key_id);
    bytes_put_u64(out + 8, h->boot);
    bytes_put_u64(out + 16, h->counter);
    bytes_put_u64(out + 24, h->ticket);
    bytes_put_u64(out + 32, h->to_boot);
    memcpy(out + 40, h->sender, CLUSTER_NODE_MAX);
}

/* One form for each node id: a zero is followed by zeros only. */
static bool sender_read(const uint8_t *in, char out[CLUSTER_NODE_MAX])
{
    memcpy(out, in, CLUSTER_NODE_MAX);
    if (out[CLUSTER_NODE_MAX - 1] != 0 || !seal_node_valid(out))
        return false;
    for (size_t i = strlen(out); i < CLUSTER_NODE_MAX; i++) {
        if (out[i])
            return false;
    }
    return true;
}

static int get_header(const uint8_t *in, struct seal_header *h)
{
    if (in[0] != SEAL_VERSION)
        return SQ_ERR_UNSUPPORTED;
    if (in[1] < SEAL_REQUEST || in[1] > SEAL_WELCOME || bytes_get_u16(in + 2) != 0)
        return SQ_ERR_INVALID;
    *h = (struct seal_header){
        .type = in[1],
        .key_id = bytes_get_u32(in + 4),
        .boot = bytes_get_u64(in + 8),
        .counter = bytes_get_u64(in + 16),
        .ticket = bytes_get_u64(in + 24),
        .to_boot = bytes_get_u64(in + 32),
    };
    return sender_read(in + 40, h->sender) && h->boot && h->counter ? 0 : SQ_ERR_INVALID;
}

static void put_aad(uint8_t aad[AAD_BYTES], const uint8_t *header, const char *to)
{
    memset(aad, 0, AAD_BYTES);
    memcpy(aad, header, SEAL_HEADER_BYTES);
    if (to)
        memcpy(aad + SEAL_HEADER_BYTES, to, strlen(to));
}

int64_t seal_close(struct seal *s, enum seal_type type, const char *to, uint64_t to_boot,
                   uint64_t ticket, const void *body, size_t len_bytes, uint8_t *out)
{
    if (len_bytes > CLUSTER_BODY_MAX)
        return SQ_ERR_LIMIT;
    CHECK((to == NULL) == (type == SEAL_PUBLISH));
    CHECK(s->counter < COUNTER_MAX);
    s->counter++;
    struct seal_header h = {.type = type,
                            .key_id = s->keys[0].id,
                            .boot = s->boot,
                            .counter = s->counter,
                            .ticket = ticket,
                            .to_boot = to_boot};
    memcpy(h.sender, s->node, CLUSTER_NODE_MAX);
    put_header(out, &h);
    uint8_t *nonce = out + SEAL_HEADER_BYTES;
    random_bytes(nonce, SEAL_NONCE_BYTES);
    uint8_t aad[AAD_BYTES];
    put_aad(aad, out, to);
    unsigned long long sealed = 0;
    crypto_aead_xchacha20poly1305_ietf_encrypt(nonce + SEAL_NONCE_BYTES, &sealed, body, len_bytes,
                                               aad, AAD_BYTES, NULL, nonce, s->keys[0].secret);
    return (int64_t)(SEAL_HEADER_BYTES + SEAL_NONCE_BYTES + sealed);
}

static const struct cluster_key *key_find(const struct seal *s, uint32_t id)
{
    for (size_t i = 0; i < s->key_count; i++) {
        if (s->keys[i].id == id)
            return &s->keys[i];
    }
    return NULL;
}

int64_t seal_open(const struct seal *s, const uint8_t *frame, size_t len_bytes,
                  struct seal_header *header, uint8_t *body)
{
    if (len_bytes < SEAL_OVERHEAD || len_bytes > SEAL_FRAME_MAX)
        return SQ_ERR_INVALID;
    int rc = get_header(frame, header);
    if (rc < 0)
        return rc;
    const struct cluster_key *key = key_find(s, header->key_id);
    if (!key)
        return SQ_ERR_NOT_FOUND;
    uint8_t aad[AAD_BYTES];
    put_aad(aad, frame, header->type == SEAL_PUBLISH ? NULL : s->node);
    const uint8_t *nonce = frame + SEAL_HEADER_BYTES;
    const uint8_t *sealed = nonce + SEAL_NONCE_BYTES;
    size_t sealed_bytes = len_bytes - SEAL_HEADER_BYTES - SEAL_NONCE_BYTES;
    unsigned long long opened = 0;
    if (crypto_aead_xchacha20poly1305_ietf_decrypt(body, &opened, NULL, sealed, sealed_bytes, aad,
                                                   AAD_BYTES, nonce, key->secret) != 0)
        return SQ_ERR_FORGED;
    CHECK(opened <= CLUSTER_BODY_MAX);
    body[opened] = 0;
    return (int64_t)opened;
}

static void window_mark(struct seal_window *w, uint64_t counter)
{
    w->taken[counter % SEAL_WINDOW / 64] |= UINT64_C(1) << (counter % 64);
}

static bool window_marked(const struct seal_window *w, uint64_t counter)
{
    return (w->taken[counter % SEAL_WINDOW / 64] >> (counter % 64) & 1) != 0;
}

/* Forgets the counters that leave the window when `newest` moves up. */
static void window_slide(struct seal_window *w, uint64_t counter)
{
    uint64_t step = counter - w->newest;
    if (step >= SEAL_WINDOW) {
        memset(w->taken, 0, sizeof w->taken);
    } else {
        for (uint64_t c = w->newest + 1; c <= counter; c++)
            w->taken[c % SEAL_WINDOW / 64] &= ~(UINT64_C(1) << (c % 64));
    }
    w->newest = counter;
}

int seal_window_take(struct seal_window *w, uint64_t boot, uint64_t counter)
{
    if (boot < w->boot)
        return SQ_ERR_REPLAY;
    if (boot > w->boot) {
        *w = (struct seal_window){.boot = boot, .newest = counter};
        window_mark(w, counter);
        return 0;
    }
    if (counter > w->newest) {
        window_slide(w, counter);
    } else if (w->newest - counter >= SEAL_WINDOW || window_marked(w, counter)) {
        return SQ_ERR_REPLAY;
    }
    window_mark(w, counter);
    return 0;
}

void seal_window_start(struct seal_window *w, uint64_t boot, uint64_t counter)
{
    *w = (struct seal_window){.boot = boot, .newest = counter};
    memset(w->taken, 0xff, sizeof w->taken);
}

static uint64_t boot_of(uint64_t ms)
{
    return ms << BOOT_RANDOM_BITS | (random_u32() & ((1u << BOOT_RANDOM_BITS) - 1)) | 1;
}

uint64_t seal_boot_at(time_us utc_us)
{
    return boot_of((uint64_t)(utc_us > 0 ? utc_us : 0) / (uint64_t)TIME_US_PER_MS);
}

uint64_t seal_boot_after(uint64_t seen)
{
    return boot_of((seen >> BOOT_RANDOM_BITS) + 1);
}
