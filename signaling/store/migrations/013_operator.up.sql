-- SPDX-License-Identifier: Apache-2.0
-- What operators decided about relays. Without addresses: one of the configuration file, that was drained once.
CREATE TABLE relay_node (
    id TEXT PRIMARY KEY,
    commands TEXT NOT NULL,
    heartbeats TEXT NOT NULL,
    level TEXT NOT NULL,
    drained BIGINT NOT NULL,
    changed_us BIGINT NOT NULL
);
-- What each node sees of links and of who can't speak, for the overview of the others. Ids and numbers only.
CREATE TABLE node_view (
    node TEXT PRIMARY KEY,
    at_us BIGINT NOT NULL,
    view TEXT NOT NULL
);
