-- SPDX-License-Identifier: Apache-2.0
CREATE TABLE audit (
    number BIGINT PRIMARY KEY,
    at_us BIGINT NOT NULL,
    account TEXT NOT NULL,
    session TEXT NOT NULL,
    act TEXT NOT NULL,
    object TEXT NOT NULL,
    detail TEXT NOT NULL,
    previous BYTEA NOT NULL,
    hash BYTEA NOT NULL
);
CREATE INDEX audit_object ON audit (object);
CREATE TABLE idempotency (
    session TEXT NOT NULL,
    request TEXT NOT NULL,
    digest BYTEA NOT NULL,
    sealed_reply BYTEA NOT NULL,
    at_us BIGINT NOT NULL,
    PRIMARY KEY (session, request)
);
CREATE TABLE outbox (
    session TEXT NOT NULL,
    seq BIGINT NOT NULL,
    sealed_body BYTEA NOT NULL,
    PRIMARY KEY (session, seq)
);
CREATE TABLE media_object (
    id TEXT PRIMARY KEY,
    room TEXT NOT NULL,
    transport TEXT NOT NULL,
    kind TEXT NOT NULL,
    account TEXT NOT NULL,
    session TEXT NOT NULL,
    body TEXT NOT NULL
);
CREATE INDEX media_object_room ON media_object (room);
