-- SPDX-License-Identifier: Apache-2.0
-- A chain for each institution. The chain of before goes on as the installation's own, chain ''.
CREATE TABLE audit_row (
    chain TEXT NOT NULL,
    number BIGINT NOT NULL,
    at_us BIGINT NOT NULL,
    account TEXT NOT NULL,
    session TEXT NOT NULL,
    act TEXT NOT NULL,
    object TEXT NOT NULL,
    detail TEXT NOT NULL,
    previous BYTEA NOT NULL,
    hash BYTEA NOT NULL,
    PRIMARY KEY (chain, number)
);
INSERT INTO audit_row (chain, number, at_us, account, session, act, object, detail, previous, hash)
    SELECT '', number, at_us, account, session, act, object, detail, previous, hash FROM audit;
DROP TABLE audit;
ALTER TABLE audit_row RENAME TO audit;
CREATE INDEX audit_object ON audit (object, at_us);
CREATE INDEX audit_at ON audit (at_us);

-- Head of each chain; base: the last row that retention took away, NULL hash: none.
CREATE TABLE audit_chain (
    chain TEXT PRIMARY KEY,
    number BIGINT NOT NULL,
    hash BYTEA,
    base_number BIGINT NOT NULL,
    base_hash BYTEA
);
INSERT INTO audit_chain (chain, number, hash, base_number, base_hash)
    SELECT chain, number, hash, 0, NULL FROM audit
    WHERE number = (SELECT MAX(number) FROM audit);

-- Accounts whose rights changed, until a sweep has seen to it.
CREATE TABLE account_change (
    number BIGINT PRIMARY KEY,
    account TEXT NOT NULL,
    at_us BIGINT NOT NULL
);

CREATE INDEX session_ended ON session (ended_us);

-- What is kept until when. No row: not over yet, or not classified yet.
CREATE TABLE retention (
    object TEXT PRIMARY KEY,
    class TEXT NOT NULL,
    institution TEXT NOT NULL,
    from_us BIGINT NOT NULL,
    due_us BIGINT NOT NULL
);
CREATE INDEX retention_due ON retention (due_us);
-- How far ended cases were classified: a time of consultation_state.
CREATE TABLE retention_mark (
    name TEXT PRIMARY KEY,
    at_us BIGINT NOT NULL
);
CREATE TABLE hold (
    id TEXT PRIMARY KEY,
    object TEXT NOT NULL,
    sealed_reason BYTEA NOT NULL,
    placed_us BIGINT NOT NULL,
    placed_by TEXT NOT NULL,
    released_us BIGINT,
    released_by TEXT
);
CREATE INDEX hold_object ON hold (object) WHERE released_us IS NULL;
-- Proofs of deletion: the manifest's SHA-256 stands in the named row of the audit log.
CREATE TABLE deletion (
    object TEXT PRIMARY KEY,
    class TEXT NOT NULL,
    rule TEXT NOT NULL,
    at_us BIGINT NOT NULL,
    account TEXT NOT NULL,
    manifest TEXT NOT NULL,
    chain TEXT NOT NULL,
    number BIGINT NOT NULL,
    previous BYTEA NOT NULL,
    hash BYTEA NOT NULL
);
