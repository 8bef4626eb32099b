/* SPDX-License-Identifier: Apache-2.0 */
/* mediasoup-client's RtpParameters and DtlsParameters to bounded values. Refuses to know: commands.
 */
#ifndef RELAY_CONTROL_PARSE_MEDIA_H
#define RELAY_CONTROL_PARSE_MEDIA_H

#include "relay/control/parse.h"
#include <jansson.h>

enum relay_media_side { RELAY_SIDE_PRODUCER, RELAY_SIDE_CONSUMER };

/* Fills error (printf form) and returns its code. */
int relay_error_set(struct relay_error *error, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* `kind` is known for a producer; a consumer's follows from its codecs. 0 or the code. */
int relay_parse_rtp_parameters(struct media_parameters *out, const json_t *json,
                               enum relay_media_side side, const char *kind,
                               struct relay_error *error);
/* The last supported fingerprint. */
int relay_parse_dtls_parameters(struct dtls_fingerprint *out, const json_t *json,
                                struct relay_error *error);

#endif
