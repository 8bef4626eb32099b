-- SPDX-License-Identifier: Apache-2.0
-- The former table holds one opinion for a consultation: where there are more this step is refused
-- by its UNIQUE and nothing is lost.
DROP TABLE consent;
DROP TABLE consent_text;
CREATE TABLE opinion_single (
    id TEXT PRIMARY KEY,
    consultation TEXT NOT NULL UNIQUE REFERENCES consultation (id),
    author TEXT NOT NULL REFERENCES account (id),
    sealed_draft BYTEA NOT NULL,
    saved_us BIGINT NOT NULL,
    sealed_canonical BYTEA,
    canonical_hash BYTEA,
    algorithm TEXT,
    signature BYTEA,
    certificate TEXT,
    signed_us BIGINT
);
INSERT INTO opinion_single (id, consultation, author, sealed_draft, saved_us, sealed_canonical,
    canonical_hash, algorithm, signature, certificate, signed_us)
SELECT id, consultation, author, sealed_draft, saved_us, sealed_canonical, canonical_hash,
    algorithm, signature, certificate, signed_us FROM opinion;
DROP TABLE opinion;
ALTER TABLE opinion_single RENAME TO opinion;
