-- SPDX-License-Identifier: Apache-2.0
-- Calls that came to media; picture: 1 when one was ever offered.
CREATE TABLE consultation_media (
    consultation TEXT PRIMARY KEY,
    picture BIGINT NOT NULL
);
-- Only ids, states and times leave by webhooks; the receiver reads the rest over FHIR, where rights are asked.
CREATE TABLE webhook (
    id TEXT PRIMARY KEY,
    institution TEXT NOT NULL REFERENCES institution (id),
    url TEXT NOT NULL,
    events TEXT NOT NULL,
    sealed_secret BYTEA NOT NULL,
    created_us BIGINT NOT NULL,
    disabled_us BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX webhook_institution ON webhook (institution);
CREATE TABLE webhook_delivery (
    id TEXT PRIMARY KEY,
    webhook TEXT NOT NULL REFERENCES webhook (id),
    event TEXT NOT NULL,
    body TEXT NOT NULL,
    created_us BIGINT NOT NULL,
    attempts BIGINT NOT NULL DEFAULT 0,
    next_us BIGINT NOT NULL,
    ended_us BIGINT NOT NULL DEFAULT 0,
    delivered BIGINT NOT NULL DEFAULT 0,
    answer BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX webhook_delivery_next ON webhook_delivery (next_us) WHERE ended_us = 0;
CREATE INDEX webhook_delivery_ended ON webhook_delivery (ended_us);
CREATE TABLE link_key (
    id TEXT PRIMARY KEY,
    institution TEXT NOT NULL REFERENCES institution (id),
    sealed_secret BYTEA NOT NULL,
    created_us BIGINT NOT NULL,
    disabled_us BIGINT NOT NULL DEFAULT 0
);
CREATE TABLE link_used (
    link_hash BYTEA PRIMARY KEY,
    until_us BIGINT NOT NULL
);
CREATE INDEX link_used_until ON link_used (until_us);
