/* SPDX-License-Identifier: Apache-2.0 */
/* base/random over a fixed seed in whatever links test_wire: sequence numbers, credentials and
 * report times come out the same in every run. (OpenSSL asks the kernel by itself; its keys change
 * no size and no time of media.) */
#include "tests/support/prng.h"
#include <string.h>
#include <sys/types.h>

ssize_t __wrap_getrandom(void *out, size_t len_bytes, unsigned flags);

ssize_t __wrap_getrandom(void *out, size_t len_bytes, unsigned flags)
{
    static struct prng prng;
    static bool seeded;
    uint8_t *at = out;
    (void)flags;
    if (!seeded)
        prng = prng_of(1);
    seeded = true;
    for (size_t i = 0; i < len_bytes; i++)
        at[i] = (uint8_t)prng_u64(&prng);
    return (ssize_t)len_bytes;
}
