-- SPDX-License-Identifier: Apache-2.0
-- Days count from 1970-01-01 and are local to the institution (utc_offset_min); until_day is the last day that counts.
ALTER TABLE institution ADD COLUMN parent TEXT NOT NULL DEFAULT '';
ALTER TABLE institution ADD COLUMN address TEXT NOT NULL DEFAULT '';
ALTER TABLE institution ADD COLUMN admin_code TEXT NOT NULL DEFAULT '';
ALTER TABLE institution ADD COLUMN latitude_e6 BIGINT;
ALTER TABLE institution ADD COLUMN longitude_e6 BIGINT;
ALTER TABLE institution ADD COLUMN utc_offset_min BIGINT NOT NULL DEFAULT 480;
ALTER TABLE institution ADD COLUMN until_day BIGINT NOT NULL DEFAULT 2932896;
CREATE INDEX institution_parent ON institution (parent, kind);
CREATE INDEX institution_level ON institution (level, id);
ALTER TABLE panel ADD COLUMN until_day BIGINT NOT NULL DEFAULT 2932896;
ALTER TABLE panel ADD COLUMN roster_revision BIGINT NOT NULL DEFAULT 0;
CREATE INDEX panel_institution ON panel (institution, specialty);
CREATE INDEX panel_level ON panel (level, id);
ALTER TABLE panel_member ADD COLUMN head BIGINT NOT NULL DEFAULT 0;
ALTER TABLE panel_member ADD COLUMN turn_us BIGINT NOT NULL DEFAULT 0;
CREATE INDEX panel_member_account ON panel_member (account);
ALTER TABLE duty ADD COLUMN off_until_us BIGINT NOT NULL DEFAULT 0;
CREATE INDEX account_institution ON account (institution);
CREATE TABLE specialty (
    id TEXT PRIMARY KEY,
    name_zh TEXT NOT NULL,
    name_en TEXT NOT NULL
);
CREATE TABLE agreement (
    id TEXT PRIMARY KEY,
    inviting TEXT NOT NULL REFERENCES institution (id),
    invited TEXT NOT NULL REFERENCES institution (id),
    from_day BIGINT NOT NULL,
    until_day BIGINT NOT NULL,
    kinds TEXT NOT NULL,
    specialties TEXT NOT NULL,
    approve_inviting BIGINT NOT NULL,
    approve_invited BIGINT NOT NULL,
    triage BIGINT NOT NULL,
    schedule BIGINT NOT NULL,
    strategy BIGINT NOT NULL,
    ring_s BIGINT NOT NULL,
    reference TEXT NOT NULL
);
CREATE INDEX agreement_inviting ON agreement (inviting, invited);
CREATE INDEX agreement_invited ON agreement (invited);
CREATE TABLE help (
    helped TEXT NOT NULL REFERENCES institution (id),
    helper TEXT NOT NULL REFERENCES institution (id),
    specialty TEXT NOT NULL,
    position BIGINT NOT NULL,
    PRIMARY KEY (helped, helper, specialty)
);
CREATE INDEX help_helper ON help (helper);
CREATE TABLE roster_shift (
    id TEXT PRIMARY KEY,
    panel TEXT NOT NULL,
    account TEXT NOT NULL,
    weekdays BIGINT NOT NULL,
    start_min BIGINT NOT NULL,
    end_min BIGINT NOT NULL,
    from_day BIGINT NOT NULL,
    until_day BIGINT NOT NULL,
    FOREIGN KEY (panel, account) REFERENCES panel_member (panel, account) ON DELETE CASCADE
);
CREATE INDEX roster_shift_member ON roster_shift (panel, account);
CREATE TABLE roster_exception (
    id TEXT PRIMARY KEY,
    panel TEXT NOT NULL,
    account TEXT NOT NULL,
    from_min BIGINT NOT NULL,
    until_min BIGINT NOT NULL,
    on_duty BIGINT NOT NULL,
    note TEXT NOT NULL,
    FOREIGN KEY (panel, account) REFERENCES panel_member (panel, account) ON DELETE CASCADE
);
CREATE INDEX roster_exception_member ON roster_exception (panel, account);
