/* SPDX-License-Identifier: Apache-2.0 */
/* Over-use detection from one-way delay variation: groups of packets, a line through the smoothed
 * queuing delay, an adaptive threshold (draft-ietf-rmcat-gcc-02 sections 5.2 to 5.4; the trendline
 * replaces its Kalman filter, as in libwebrtc). State is struct estimator_trend. Refuses to know:
 * rates. */
#ifndef RTC_BWE_TREND_H
#define RTC_BWE_TREND_H

#include "rtc/bwe/estimator.h"

void trend_init(struct estimator_trend *t);
/* One packet that arrived, in order of sending. Updates t->usage when a group is complete. Times
 * are of two clocks, the sender's and the receiver's; only differences count. */
void trend_on_packet(struct estimator_trend *t, time_us sent_us, time_us arrived_us);

#endif
