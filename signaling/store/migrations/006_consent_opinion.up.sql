-- SPDX-License-Identifier: Apache-2.0
-- One row per version of each author's opinion (kind 'opinion') or of the chair's conclusion. The
-- table keeps its name: sealed values open only under the table they were sealed for.
CREATE TABLE opinion_version (
    id TEXT PRIMARY KEY,
    consultation TEXT NOT NULL REFERENCES consultation (id),
    author TEXT NOT NULL REFERENCES account (id),
    kind TEXT NOT NULL,
    version BIGINT NOT NULL,
    supersedes TEXT NOT NULL,
    sealed_draft BYTEA NOT NULL,
    saved_us BIGINT NOT NULL,
    sealed_canonical BYTEA,
    canonical_hash BYTEA,
    algorithm TEXT,
    signature BYTEA,
    certificate TEXT,
    signed_us BIGINT,
    UNIQUE (consultation, kind, author, version)
);
INSERT INTO opinion_version (id, consultation, author, kind, version, supersedes, sealed_draft,
    saved_us, sealed_canonical, canonical_hash, algorithm, signature, certificate, signed_us)
SELECT id, consultation, author, 'opinion', 1, '', sealed_draft, saved_us, sealed_canonical,
    canonical_hash, algorithm, signature, certificate, signed_us FROM opinion;
DROP TABLE opinion;
ALTER TABLE opinion_version RENAME TO opinion;

-- The words that were shown to a patient, kept as long as a consent speaks of them.
CREATE TABLE consent_text (
    hash BYTEA PRIMARY KEY,
    version TEXT NOT NULL,
    language TEXT NOT NULL,
    body TEXT NOT NULL
);
-- One row per purpose and signature; only a withdrawal is added to it, once.
CREATE TABLE consent (
    id TEXT PRIMARY KEY,
    consultation TEXT NOT NULL REFERENCES consultation (id),
    purpose TEXT NOT NULL,
    text_hash BYTEA REFERENCES consent_text (hash),
    given_us BIGINT NOT NULL,
    entered_us BIGINT NOT NULL,
    entered_by TEXT NOT NULL REFERENCES account (id),
    sealed_body BYTEA NOT NULL,
    withdrawn_us BIGINT,
    withdrawn_by TEXT,
    sealed_withdrawal BYTEA
);
CREATE INDEX consent_consultation ON consent (consultation);
CREATE UNIQUE INDEX consent_in_force ON consent (consultation, purpose) WHERE withdrawn_us IS NULL;
