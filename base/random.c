/* SPDX-License-Identifier: Apache-2.0 */
/* Kernel randomness, and text drawn from it without bias. */
#include "base/random.h"
#include "base/check.h"
#include <errno.h>
#include <stdbool.h>
#include <sys/random.h>
#include <sys/types.h>

void random_bytes(void *out, size_t len_bytes)
{
    unsigned char *at = out;
    while (len_bytes > 0) {
        ssize_t got = getrandom(at, len_bytes, 0);
        if (got < 0) {
            bool kernel_has_randomness = errno == EINTR;
            CHECK(kernel_has_randomness);
            continue;
        }
        at += got;
        len_bytes -= (size_t)got;
    }
}

uint32_t random_u32(void)
{
    uint32_t v;
    random_bytes(&v, sizeof v);
    return v;
}

void random_text(char *out, size_t len)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    enum { LETTERS = sizeof letters - 1, FAIR = 256 / LETTERS * LETTERS };
    uint8_t pool[64];
    size_t at = sizeof pool;
    for (size_t i = 0; i < len;) {
        if (at == sizeof pool) {
            random_bytes(pool, sizeof pool);
            at = 0;
        }
        uint8_t b = pool[at++];
        if (b < FAIR) /* the rest would favour the first letters */
            out[i++] = letters[b % LETTERS];
    }
    out[len] = '\0';
}
