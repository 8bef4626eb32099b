-- SPDX-License-Identifier: Apache-2.0
-- The machine's numbers are those of signaling/consult/step.h.
ALTER TABLE consultation ADD COLUMN needs BIGINT NOT NULL DEFAULT 0;
ALTER TABLE consultation ADD COLUMN approvals BIGINT NOT NULL DEFAULT 0;
ALTER TABLE consultation ADD COLUMN consent BIGINT NOT NULL DEFAULT 1;
ALTER TABLE consultation ADD COLUMN applicant_ready BIGINT NOT NULL DEFAULT 0;
ALTER TABLE consultation ADD COLUMN strategy BIGINT NOT NULL DEFAULT 0;
ALTER TABLE consultation ADD COLUMN panel_level BIGINT NOT NULL DEFAULT 0;
ALTER TABLE consultation ADD COLUMN plan_flags BIGINT NOT NULL DEFAULT 0;
ALTER TABLE consultation ADD COLUMN slot_start_us BIGINT NOT NULL DEFAULT 0;
ALTER TABLE consultation ADD COLUMN slot_end_us BIGINT NOT NULL DEFAULT 0;
ALTER TABLE consultation ADD COLUMN backfill BIGINT NOT NULL DEFAULT 0;
ALTER TABLE consultation ADD COLUMN backfill_left BIGINT NOT NULL DEFAULT 0;
ALTER TABLE consultation ADD COLUMN critical BIGINT NOT NULL DEFAULT 0;
ALTER TABLE consultation ADD COLUMN absent_applicant BIGINT NOT NULL DEFAULT 0;
ALTER TABLE consultation ADD COLUMN absent_members BIGINT NOT NULL DEFAULT 0;
ALTER TABLE consultation ADD COLUMN follow_up_days BIGINT NOT NULL DEFAULT 0;
ALTER TABLE consultation ADD COLUMN signed_us BIGINT NOT NULL DEFAULT 0;
ALTER TABLE consultation ADD COLUMN concordance TEXT NOT NULL DEFAULT '';
ALTER TABLE consultation ADD COLUMN avoided_transfer BIGINT NOT NULL DEFAULT 0;
-- Where it belongs: what rights and lists go by.
ALTER TABLE consultation ADD COLUMN specialty TEXT NOT NULL DEFAULT '';
ALTER TABLE consultation ADD COLUMN institution TEXT NOT NULL DEFAULT '';
ALTER TABLE consultation ADD COLUMN inviting TEXT NOT NULL DEFAULT '';
ALTER TABLE consultation ADD COLUMN inviting_desk TEXT NOT NULL DEFAULT '';
ALTER TABLE consultation ADD COLUMN invited TEXT NOT NULL DEFAULT '';
ALTER TABLE consultation ADD COLUMN invited_desk TEXT NOT NULL DEFAULT '';
ALTER TABLE consultation ADD COLUMN agreement TEXT NOT NULL DEFAULT '';
ALTER TABLE consultation ADD COLUMN slot TEXT NOT NULL DEFAULT '';
ALTER TABLE consultation ADD COLUMN ring_us BIGINT NOT NULL DEFAULT 0;
ALTER TABLE consultation ADD COLUMN wanted_strategy BIGINT NOT NULL DEFAULT 0;
UPDATE consultation SET
    institution = (SELECT institution FROM account WHERE account.id = consultation.applicant),
    inviting = (SELECT institution FROM account WHERE account.id = consultation.applicant),
    inviting_desk = (SELECT institution FROM account WHERE account.id = consultation.applicant),
    specialty = (SELECT specialty FROM panel WHERE panel.id = consultation.panel),
    invited = (SELECT institution FROM panel WHERE panel.id = consultation.panel),
    invited_desk = (SELECT institution FROM panel WHERE panel.id = consultation.panel);
CREATE INDEX consultation_institution ON consultation (institution, submitted_us);
CREATE INDEX consultation_inviting ON consultation (inviting, submitted_us);
CREATE INDEX consultation_inviting_desk ON consultation (inviting_desk, submitted_us);
CREATE INDEX consultation_invited ON consultation (invited, submitted_us);
CREATE INDEX consultation_invited_desk ON consultation (invited_desk, submitted_us);
CREATE INDEX consultation_by_state ON consultation (state, submitted_us);
ALTER TABLE ring ADD COLUMN panel TEXT NOT NULL DEFAULT '';
ALTER TABLE ring ADD COLUMN role BIGINT NOT NULL DEFAULT 0;
ALTER TABLE ring ADD COLUMN opinion BIGINT NOT NULL DEFAULT 0;
ALTER TABLE ring ADD COLUMN ready BIGINT NOT NULL DEFAULT 0;
ALTER TABLE ring ADD COLUMN took_part BIGINT NOT NULL DEFAULT 0;
UPDATE ring SET panel = (SELECT panel FROM consultation WHERE consultation.id = ring.consultation);
-- 3: accepted. A signed opinion is 2, a draft 1.
UPDATE ring SET took_part = 1 WHERE state = 3 AND EXISTS (SELECT 1 FROM consultation
    WHERE consultation.id = ring.consultation AND consultation.started_us > 0);
UPDATE ring SET opinion = 1 WHERE state = 3 AND EXISTS (SELECT 1 FROM opinion
    WHERE opinion.consultation = ring.consultation);
UPDATE ring SET opinion = 2 WHERE state = 3 AND EXISTS (SELECT 1 FROM opinion
    WHERE opinion.consultation = ring.consultation AND opinion.signed_us IS NOT NULL);
UPDATE consultation SET signed_us = COALESCE((SELECT opinion.signed_us FROM opinion
    WHERE opinion.consultation = consultation.id), 0);
-- The party is now the number of a member, or -2 for the applicant.
UPDATE participant SET party = -2 WHERE party = 0;
UPDATE participant SET party = 1000 + (SELECT position FROM ring
    WHERE ring.consultation = participant.consultation AND ring.state = 3)
    WHERE party = 1 AND EXISTS (SELECT 1 FROM ring
        WHERE ring.consultation = participant.consultation AND ring.state = 3);
DELETE FROM participant WHERE party = 1;
UPDATE participant SET party = party - 1000 WHERE party >= 1000;
-- Panels that were asked, in their order.
CREATE TABLE consultation_panel (
    consultation TEXT NOT NULL REFERENCES consultation (id),
    position BIGINT NOT NULL,
    panel TEXT NOT NULL REFERENCES panel (id),
    PRIMARY KEY (consultation, position)
);
CREATE INDEX consultation_panel_panel ON consultation_panel (panel, consultation);
INSERT INTO consultation_panel (consultation, position, panel) SELECT id, 0, panel FROM consultation;
-- Each state that it came to, for waits and statistics.
CREATE TABLE consultation_state (
    consultation TEXT NOT NULL REFERENCES consultation (id),
    number BIGINT NOT NULL,
    state TEXT NOT NULL,
    event TEXT NOT NULL,
    at_us BIGINT NOT NULL,
    PRIMARY KEY (consultation, number)
);
CREATE INDEX consultation_state_at ON consultation_state (at_us);
CREATE TABLE consultation_entry (
    id TEXT PRIMARY KEY,
    consultation TEXT NOT NULL REFERENCES consultation (id),
    kind TEXT NOT NULL,
    author TEXT NOT NULL,
    at_us BIGINT NOT NULL,
    sealed_body BYTEA NOT NULL
);
CREATE INDEX consultation_entry_of ON consultation_entry (consultation, at_us, id);
CREATE TABLE consultation_draft (
    id TEXT PRIMARY KEY,
    applicant TEXT NOT NULL REFERENCES account (id),
    saved_us BIGINT NOT NULL,
    sealed_request BYTEA NOT NULL
);
CREATE INDEX consultation_draft_applicant ON consultation_draft (applicant, saved_us);
CREATE TABLE slot (
    id TEXT PRIMARY KEY,
    panel TEXT NOT NULL REFERENCES panel (id),
    account TEXT NOT NULL,
    start_us BIGINT NOT NULL,
    end_us BIGINT NOT NULL,
    consultation TEXT NOT NULL,
    offered_by TEXT NOT NULL REFERENCES account (id)
);
CREATE INDEX slot_panel ON slot (panel, start_us);
CREATE INDEX slot_account ON slot (account, start_us);
CREATE TABLE referral (
    id TEXT PRIMARY KEY,
    consultation TEXT NOT NULL REFERENCES consultation (id),
    direction TEXT NOT NULL,
    from_institution TEXT NOT NULL REFERENCES institution (id),
    to_institution TEXT NOT NULL REFERENCES institution (id),
    state TEXT NOT NULL,
    proposed_by TEXT NOT NULL REFERENCES account (id),
    proposed_us BIGINT NOT NULL,
    arrive_by_us BIGINT NOT NULL,
    arrived_us BIGINT NOT NULL,
    closed_us BIGINT NOT NULL,
    unanswered BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    sealed_plan BYTEA NOT NULL,
    sealed_reason BYTEA,
    sealed_discharge BYTEA
);
CREATE INDEX referral_consultation ON referral (consultation, proposed_us);
CREATE INDEX referral_from ON referral (from_institution, proposed_us);
CREATE INDEX referral_to ON referral (to_institution, proposed_us);
