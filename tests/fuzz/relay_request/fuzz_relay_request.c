/* SPDX-License-Identifier: Apache-2.0 */
/* Requests to a relay: any bytes end in a bounded command or in a code with a remedy. */
#include "base/check.h"
#include "relay/control/parse.h"
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct relay_command c;
    struct relay_error e = {0};
    int code = relay_parse_request(&c, (const char *)data, size, &e);
    if (code) {
        CHECK(code < 0 && e.code == code && e.message[0]);
        return 0;
    }
    CHECK(c.type < RELAY_COMMAND_COUNT && c.profile_count <= SRTP_PROFILE_COUNT);
    CHECK(c.media.codec_count <= MEDIA_CODECS_MAX);
    CHECK(c.media.encoding_count <= MEDIA_ENCODINGS_MAX);
    CHECK(strlen(c.room) < RELAY_ID_MAX && strlen(c.consumer) < RELAY_ID_MAX);
    for (size_t i = 0; i < MEDIA_EXT_COUNT; i++)
        CHECK(c.media.extension_ids[i] <= RTP_ONE_BYTE_ID_MAX);
    return 0;
}
