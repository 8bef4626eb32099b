-- SPDX-License-Identifier: Apache-2.0
-- What shows a signature, where it came after the consent: the consent's own row stays as it was given.
CREATE TABLE consent_material (
    consent TEXT PRIMARY KEY REFERENCES consent (id),
    material TEXT NOT NULL,
    attached_us BIGINT NOT NULL,
    attached_by TEXT NOT NULL REFERENCES account (id)
);
