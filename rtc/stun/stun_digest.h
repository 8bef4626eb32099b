/* SPDX-License-Identifier: Apache-2.0 */
/* The two digests of a STUN message, shared by parser and builder. Private to rtc/stun. */
#ifndef RTC_STUN_STUN_DIGEST_H
#define RTC_STUN_STUN_DIGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STUN_INTEGRITY_BYTES 20 /* HMAC-SHA1 */

/* HMAC-SHA1 over the first len_bytes of the message (all before MESSAGE-INTEGRITY). Writes into its
 * header the length that counts that attribute (RFC 8489 section 14.5), hence not const. False
 * without memory. */
bool stun_integrity(uint8_t *data, size_t len_bytes, const void *key, size_t key_len,
                    uint8_t out[STUN_INTEGRITY_BYTES]);

/* CRC-32 of ITU V.42 over len_bytes, XOR 0x5354554E (RFC 8489 section 14.7). */
uint32_t stun_fingerprint(const uint8_t *data, size_t len_bytes);

#endif
