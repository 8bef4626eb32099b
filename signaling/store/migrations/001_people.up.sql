-- SPDX-License-Identifier: Apache-2.0
CREATE TABLE institution (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    level BIGINT NOT NULL CHECK (level BETWEEN 1 AND 5),
    kind TEXT NOT NULL
);
CREATE TABLE panel (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    specialty TEXT NOT NULL,
    level BIGINT NOT NULL CHECK (level BETWEEN 1 AND 5),
    institution TEXT NOT NULL REFERENCES institution (id)
);
CREATE TABLE account (
    id TEXT PRIMARY KEY,
    login TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    roles BIGINT NOT NULL,
    institution TEXT NOT NULL REFERENCES institution (id),
    language TEXT NOT NULL,
    disabled BIGINT NOT NULL DEFAULT 0
);
CREATE TABLE login_wait (
    login_hash BYTEA PRIMARY KEY,
    failures BIGINT NOT NULL,
    wait_until_us BIGINT NOT NULL,
    touched_us BIGINT NOT NULL
);
CREATE INDEX login_wait_touched ON login_wait (touched_us);
CREATE TABLE panel_member (
    panel TEXT NOT NULL REFERENCES panel (id),
    account TEXT NOT NULL REFERENCES account (id),
    PRIMARY KEY (panel, account)
);
CREATE TABLE duty (
    panel TEXT NOT NULL,
    account TEXT NOT NULL,
    since_us BIGINT NOT NULL,
    PRIMARY KEY (panel, account),
    FOREIGN KEY (panel, account) REFERENCES panel_member (panel, account) ON DELETE CASCADE
);
CREATE TABLE session (
    id TEXT PRIMARY KEY,
    token_hash BYTEA NOT NULL UNIQUE,
    account TEXT NOT NULL REFERENCES account (id),
    device TEXT NOT NULL,
    created_us BIGINT NOT NULL,
    expires_us BIGINT NOT NULL,
    last_seq BIGINT NOT NULL DEFAULT 0,
    ended_us BIGINT,
    end_reason TEXT
);
CREATE INDEX session_account ON session (account);
CREATE INDEX session_open ON session (expires_us) WHERE ended_us IS NULL;
