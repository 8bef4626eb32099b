-- SPDX-License-Identifier: Apache-2.0
-- What is said in a consultation's chat, and what people drew on its materials: one sealed row an author.
CREATE TABLE consultation_message (
    id TEXT PRIMARY KEY,
    consultation TEXT NOT NULL REFERENCES consultation (id),
    author TEXT NOT NULL REFERENCES account (id),
    at_us BIGINT NOT NULL,
    sealed_text BYTEA NOT NULL
);
CREATE INDEX consultation_message_of ON consultation_message (consultation, at_us, id);
CREATE TABLE material_mark (
    material TEXT NOT NULL REFERENCES material (id),
    author TEXT NOT NULL REFERENCES account (id),
    revision BIGINT NOT NULL,
    marks BIGINT NOT NULL,
    at_us BIGINT NOT NULL,
    sealed_marks BYTEA NOT NULL,
    PRIMARY KEY (material, author)
);
