-- SPDX-License-Identifier: Apache-2.0
CREATE TABLE consultation (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    urgency TEXT NOT NULL,
    panel TEXT NOT NULL REFERENCES panel (id),
    applicant TEXT NOT NULL REFERENCES account (id),
    specialist TEXT REFERENCES account (id),
    state TEXT NOT NULL,
    reason TEXT NOT NULL,
    room_open BIGINT NOT NULL,
    room_live BIGINT NOT NULL,
    submitted_us BIGINT NOT NULL,
    accepted_us BIGINT NOT NULL,
    started_us BIGINT NOT NULL,
    ended_us BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    sealed_request BYTEA NOT NULL,
    sealed_reason BYTEA
);
CREATE INDEX consultation_applicant ON consultation (applicant, submitted_us);
CREATE INDEX consultation_specialist ON consultation (specialist, submitted_us);
CREATE INDEX consultation_room ON consultation (room_open) WHERE room_open = 1;
CREATE TABLE ring (
    consultation TEXT NOT NULL REFERENCES consultation (id),
    position BIGINT NOT NULL,
    account TEXT NOT NULL REFERENCES account (id),
    state BIGINT NOT NULL,
    PRIMARY KEY (consultation, position)
);
CREATE INDEX ring_account ON ring (account, state);
CREATE TABLE participant (
    consultation TEXT NOT NULL REFERENCES consultation (id),
    party BIGINT NOT NULL,
    session TEXT NOT NULL,
    presence BIGINT NOT NULL,
    PRIMARY KEY (consultation, party)
);
CREATE INDEX participant_session ON participant (session);
CREATE TABLE deadline (
    object TEXT NOT NULL,
    kind TEXT NOT NULL,
    at_us BIGINT NOT NULL,
    PRIMARY KEY (object, kind)
);
CREATE INDEX deadline_at ON deadline (at_us);
CREATE TABLE opinion (
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
CREATE TABLE signing_key (
    id TEXT PRIMARY KEY,
    owner TEXT NOT NULL,
    algorithm TEXT NOT NULL,
    sealed_key BYTEA NOT NULL,
    certificate TEXT NOT NULL,
    from_us BIGINT NOT NULL,
    until_us BIGINT NOT NULL
);
CREATE INDEX signing_key_owner ON signing_key (owner, until_us);
