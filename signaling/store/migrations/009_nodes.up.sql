-- SPDX-License-Identifier: Apache-2.0
-- Nodes of signalling that share the database. A node whose beat stands still has lost its lease.
CREATE TABLE node (
    id TEXT PRIMARY KEY,
    boot TEXT NOT NULL,
    beat BIGINT NOT NULL
);
-- The node that has the session's connection; '' where none has.
ALTER TABLE session ADD COLUMN node TEXT NOT NULL DEFAULT '';
CREATE INDEX session_node ON session (node);
-- The one node that commands the relay for a media room.
CREATE TABLE room_owner (
    room TEXT PRIMARY KEY,
    node TEXT NOT NULL
);
CREATE INDEX room_owner_node ON room_owner (node);
-- What one node asks of another, and the replies. taken: the boot that is at it, '' for none.
CREATE TABLE node_mail (
    number BIGINT PRIMARY KEY,
    node TEXT NOT NULL,
    kind TEXT NOT NULL,
    room TEXT NOT NULL,
    taken TEXT NOT NULL,
    sealed_body BYTEA NOT NULL
);
CREATE INDEX node_mail_node ON node_mail (node, number);
CREATE TABLE node_counter (
    name TEXT PRIMARY KEY,
    last BIGINT NOT NULL
);
