-- SPDX-License-Identifier: Apache-2.0
-- What each node saw of each relay in each minute in which the relay was heard, for the operator's charts. Kept for
-- days (signaling/operator/operator.h). Means of loss and round trip are over `people`.
CREATE TABLE relay_minute (
    relay TEXT NOT NULL,
    minute BIGINT NOT NULL,
    node TEXT NOT NULL,
    load_permille BIGINT NOT NULL,
    transports BIGINT NOT NULL,
    people BIGINT NOT NULL,
    kbps BIGINT NOT NULL,
    loss_percent BIGINT NOT NULL,
    rtt_ms BIGINT NOT NULL,
    PRIMARY KEY (relay, minute, node)
);
CREATE INDEX relay_minute_age ON relay_minute (minute);
