/* SPDX-License-Identifier: Apache-2.0 */
/* The table of SRTP profiles: names and sizes. */
#include "rtc/srtp/srtp.h"
#include <string.h>

struct profile_row {
    const char *name;
    size_t keying_bytes;
    size_t rtp_trailer_bytes;
};

static const struct profile_row rows[] = {
    [SRTP_PROFILE_NONE] = {"none", 0, 0},
    [SRTP_PROFILE_AEAD_AES_128_GCM] = {"AEAD_AES_128_GCM", 2 * (16 + 12), 16}, /* RFC 7714 */
    [SRTP_PROFILE_AES_CM_128_HMAC_SHA1_80] = {"AES_CM_128_HMAC_SHA1_80", 2 * (16 + 14), 10},
    [SRTP_PROFILE_AES_CM_128_HMAC_SHA1_32] = {"AES_CM_128_HMAC_SHA1_32", 2 * (16 + 14), 4},
};

static const struct profile_row *row_of(enum srtp_profile p)
{
    return &rows[(size_t)p < sizeof(rows) / sizeof(rows[0]) ? p : SRTP_PROFILE_NONE];
}

const char *srtp_profile_name(enum srtp_profile p)
{
    return row_of(p)->name;
}

enum srtp_profile srtp_profile_parse(const char *name)
{
    for (int p = 1; p <= SRTP_PROFILE_COUNT; p++)
        if (strcmp(rows[p].name, name) == 0)
            return (enum srtp_profile)p;
    return SRTP_PROFILE_NONE;
}

size_t srtp_profile_keying_bytes(enum srtp_profile p)
{
    return row_of(p)->keying_bytes;
}

size_t srtp_profile_rtp_trailer_bytes(enum srtp_profile p)
{
    return row_of(p)->rtp_trailer_bytes;
}
