/* SPDX-License-Identifier: Apache-2.0 */
/* HMAC-SHA1 and CRC-32 as STUN wants them. */
#include "rtc/stun/stun_digest.h"
#include "base/bytes.h"
#include "rtc/stun/stun.h"
#include <limits.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#define FINGERPRINT_XOR 0x5354554Eu

bool stun_integrity(uint8_t *data, size_t len_bytes, const void *key, size_t key_len,
                    uint8_t out[STUN_INTEGRITY_BYTES])
{
    if (key_len > INT_MAX)
        return false;
    bytes_put_u16(data + 2, (uint16_t)(len_bytes - STUN_HEADER_BYTES + 4 + STUN_INTEGRITY_BYTES));
    unsigned len = 0;
    return HMAC(EVP_sha1(), key, (int)key_len, data, len_bytes, out, &len) &&
           len == STUN_INTEGRITY_BYTES;
}

uint32_t stun_fingerprint(const uint8_t *data, size_t len_bytes)
{
    /* CRC-32 of each nibble, polynomial 0xEDB88320 (reflected). */
    static const uint32_t table[16] = {0x00000000, 0x1DB71064, 0x3B6E20C8, 0x26D930AC,
                                       0x76DC4190, 0x6B6B51F4, 0x4DB26158, 0x5005713C,
                                       0xEDB88320, 0xF00F9344, 0xD6D6A3E8, 0xCB61B38C,
                                       0x9B64C2B0, 0x86D3D2D4, 0xA00AE278, 0xBDBDF21C};
    uint32_t crc = 0xFFFFFFFFu;
    for (size_t i = 0; i < len_bytes; i++) {
        crc ^= data[i];
        crc = crc >> 4 ^ table[crc & 15];
        crc = crc >> 4 ^ table[crc & 15];
    }
    return ~crc ^ FINGERPRINT_XOR;
}
