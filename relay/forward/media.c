/* SPDX-License-Identifier: Apache-2.0 */
/* Look-ups in media parameters. Refuses to know: JSON, streams. */
#include "relay/forward/media.h"
#include <string.h>

size_t media_extension_of_uri(const char *uri)
{
    if (strcmp(uri, MEDIA_URI_VIDEO_ORIENTATION) == 0)
        return MEDIA_EXT_VIDEO_ORIENTATION;
    enum rtp_extension known = rtp_extension_from_uri(uri);
    return known == RTP_EXTENSION_COUNT ? MEDIA_EXT_COUNT : (size_t)known;
}

const struct media_codec *media_codec_by_payload(const struct media_parameters *m,
                                                 uint8_t payload_type)
{
    for (size_t i = 0; i < m->codec_count; i++)
        if (m->codecs[i].payload_type == payload_type)
            return &m->codecs[i];
    return NULL;
}

const struct media_codec *media_codec_by_type(const struct media_parameters *m,
                                              enum media_codec_type type)
{
    for (size_t i = 0; i < m->codec_count; i++)
        if (m->codecs[i].type == type)
            return &m->codecs[i];
    return NULL;
}

const struct media_codec *media_rtx_for(const struct media_parameters *m, uint8_t payload_type)
{
    for (size_t i = 0; i < m->codec_count; i++)
        if (m->codecs[i].type == MEDIA_CODEC_RTX && m->codecs[i].apt == payload_type)
            return &m->codecs[i];
    return NULL;
}

const struct media_codec *media_codec_main(const struct media_parameters *m)
{
    for (size_t i = 0; i < m->codec_count; i++)
        if (m->codecs[i].type != MEDIA_CODEC_RTX && m->codecs[i].type != MEDIA_CODEC_RED)
            return &m->codecs[i];
    return NULL;
}
