/* SPDX-License-Identifier: Apache-2.0 */
/* JSON of replies: mediasoup-client's shapes for transports, snapshot, statistics. Pure.
 * Refuses to know: who gets it. */
#ifndef RELAY_CONTROL_ANSWER_H
#define RELAY_CONTROL_ANSWER_H

#include "relay/control/control.h"
#include "relay/control/registry.h"
#include <jansson.h>

/* Each gives a new reference, NULL when memory is used up. */
json_t *answer_ice_parameters(const struct ice_credentials *credentials);
json_t *answer_ice_candidates(const struct control_config *config, int worker, bool tcp);
json_t *answer_dtls_parameters(const struct dtls_fingerprint *fingerprint);
json_t *answer_stats(const struct relay_room_stats *stats);
json_t *answer_snapshot(const struct registry *r, const struct control_config *config,
                        uint64_t revision, const char *after);

/* {"v":1,"result":..} (steals result) and {"v":1,"error":..} as text on the heap; NULL when memory
 * is used up. */
char *answer_result(json_t *result);
char *answer_error(int code, const char *message);

#endif
