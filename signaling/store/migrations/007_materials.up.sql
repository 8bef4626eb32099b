-- SPDX-License-Identifier: Apache-2.0
-- Stored files, one per content and institution; names and contents are sealed.
CREATE TABLE material_file (
    id TEXT PRIMARY KEY,
    institution TEXT NOT NULL REFERENCES institution (id),
    sha256 BYTEA NOT NULL,
    stored_sha256 BYTEA NOT NULL,
    bytes BIGINT NOT NULL,
    stripped BIGINT NOT NULL,
    format TEXT NOT NULL,
    sealed_key BYTEA NOT NULL
);
CREATE UNIQUE INDEX material_file_content ON material_file (institution, sha256, format);
-- Files that nothing refers to any more, until they are gone from the disk.
CREATE TABLE material_gone (
    file TEXT PRIMARY KEY
);
CREATE TABLE material (
    id TEXT PRIMARY KEY,
    consultation TEXT NOT NULL REFERENCES consultation (id),
    account TEXT NOT NULL REFERENCES account (id),
    type TEXT NOT NULL,
    preview BIGINT NOT NULL,
    file TEXT REFERENCES material_file (id),
    header TEXT NOT NULL,
    status TEXT NOT NULL,
    reason TEXT NOT NULL,
    added_us BIGINT NOT NULL,
    sealed_name BYTEA NOT NULL,
    sealed_details BYTEA,
    sealed_identity BYTEA
);
CREATE INDEX material_consultation ON material (consultation, added_us, id);
CREATE INDEX material_account ON material (account);
CREATE INDEX material_of_file ON material (file);
CREATE INDEX material_pending ON material (id) WHERE status = 'pending';
CREATE TABLE material_upload (
    id TEXT PRIMARY KEY,
    consultation TEXT NOT NULL REFERENCES consultation (id),
    account TEXT NOT NULL REFERENCES account (id),
    institution TEXT NOT NULL REFERENCES institution (id),
    type TEXT NOT NULL,
    bytes BIGINT NOT NULL,
    material TEXT NOT NULL,
    expires_us BIGINT NOT NULL,
    sealed_about BYTEA NOT NULL,
    sealed_key BYTEA NOT NULL
);
CREATE INDEX material_upload_account ON material_upload (account);
CREATE INDEX material_upload_consultation ON material_upload (consultation);
CREATE INDEX material_upload_expires ON material_upload (expires_us);
