-- SPDX-License-Identifier: Apache-2.0
-- The rows of institutions have no place in one chain: only the installation's own stay.
DROP INDEX session_ended;
DROP TABLE deletion;
DROP TABLE hold;
DROP TABLE retention_mark;
DROP TABLE retention;
DROP TABLE account_change;
DROP TABLE audit_chain;
CREATE TABLE audit_row (
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
INSERT INTO audit_row (number, at_us, account, session, act, object, detail, previous, hash)
    SELECT number, at_us, account, session, act, object, detail, previous, hash FROM audit
    WHERE chain = '';
DROP TABLE audit;
ALTER TABLE audit_row RENAME TO audit;
CREATE INDEX audit_object ON audit (object);
