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
CREATE INDEX institution_level ON institution (level DESC, id);
ALTER TABLE panel ADD COLUMN until_day BIGINT NOT NULL DEFAULT 2932896;
ALTER TABLE panel ADD COLUMN roster_revision BIGINT NOT NULL DEFAULT 0;
CREATE INDEX panel_institution ON panel (institution, specialty);
CREATE INDEX panel_level ON panel (level, id);
ALTER TABLE panel_member ADD COLUMN head BIGINT NOT NULL DEFAULT 0;
ALTER TABLE panel_member ADD COLUMN turn_us BIGINT NOT NULL DEFAULT 0;
CREATE INDEX panel_member_account ON panel_member (account);
ALTER TABLE duty ADD COLUMN off_until_us BIGINT NOT NULL DEFAULT 0;
CREATE INDEX account_institution ON account (institution);
CREATE INDEX account_disabled ON account (id) WHERE disabled <> 0;
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
    panel TEXT NOT NULL,
    account TEXT NOT NULL,
    weekdays BIGINT NOT NULL,
    start_min BIGINT NOT NULL,
    end_min BIGINT NOT NULL,
    from_day BIGINT NOT NULL,
    until_day BIGINT NOT NULL,
    PRIMARY KEY (panel, account, weekdays, start_min, from_day),
    FOREIGN KEY (panel, account) REFERENCES panel_member (panel, account) ON DELETE CASCADE
);
CREATE TABLE roster_exception (
    panel TEXT NOT NULL,
    account TEXT NOT NULL,
    from_min BIGINT NOT NULL,
    until_min BIGINT NOT NULL,
    on_duty BIGINT NOT NULL,
    note TEXT NOT NULL,
    PRIMARY KEY (panel, account, from_min),
    FOREIGN KEY (panel, account) REFERENCES panel_member (panel, account) ON DELETE CASCADE
);
-- After the register of clinical departments of China (诊疗科目名录) and the five emergency centres of a county.
INSERT INTO specialty (id, name_zh, name_en) VALUES
    ('cardiology', '心血管内科', 'Cardiology'),
    ('neurology', '神经内科', 'Neurology'),
    ('respiratory', '呼吸内科', 'Respiratory medicine'),
    ('gastroenterology', '消化内科', 'Gastroenterology'),
    ('endocrinology', '内分泌科', 'Endocrinology'),
    ('nephrology', '肾内科', 'Nephrology'),
    ('haematology', '血液内科', 'Haematology'),
    ('rheumatology', '风湿免疫科', 'Rheumatology'),
    ('infectious_diseases', '感染科', 'Infectious diseases'),
    ('geriatrics', '老年医学科', 'Geriatrics'),
    ('general_practice', '全科', 'General practice'),
    ('general_surgery', '普通外科', 'General surgery'),
    ('orthopaedics', '骨科', 'Orthopaedics'),
    ('neurosurgery', '神经外科', 'Neurosurgery'),
    ('thoracic_surgery', '胸外科', 'Thoracic surgery'),
    ('cardiac_surgery', '心脏大血管外科', 'Cardiac surgery'),
    ('urology', '泌尿外科', 'Urology'),
    ('burns', '烧伤科', 'Burns'),
    ('obstetrics', '产科', 'Obstetrics'),
    ('gynaecology', '妇科', 'Gynaecology'),
    ('paediatrics', '儿科', 'Paediatrics'),
    ('neonatology', '新生儿科', 'Neonatology'),
    ('ophthalmology', '眼科', 'Ophthalmology'),
    ('otolaryngology', '耳鼻咽喉科', 'Otolaryngology'),
    ('stomatology', '口腔科', 'Stomatology'),
    ('dermatology', '皮肤科', 'Dermatology'),
    ('psychiatry', '精神科', 'Psychiatry'),
    ('oncology', '肿瘤科', 'Oncology'),
    ('rehabilitation', '康复医学科', 'Rehabilitation'),
    ('critical_care', '重症医学科', 'Critical care'),
    ('anaesthesiology', '麻醉科', 'Anaesthesiology'),
    ('emergency', '急诊科', 'Emergency medicine'),
    ('chest_pain', '胸痛中心', 'Chest pain centre'),
    ('stroke', '卒中中心', 'Stroke centre'),
    ('trauma', '创伤中心', 'Trauma centre'),
    ('maternal_rescue', '危重孕产妇救治中心', 'Maternal rescue centre'),
    ('child_rescue', '危重儿童和新生儿救治中心', 'Child and newborn rescue centre'),
    ('radiology', '医学影像科', 'Radiology'),
    ('ultrasound', '超声医学科', 'Ultrasound'),
    ('ecg', '心电诊断', 'ECG'),
    ('pathology', '病理科', 'Pathology'),
    ('laboratory', '检验科', 'Laboratory medicine'),
    ('chinese_medicine', '中医科', 'Chinese medicine'),
    ('tibetan_medicine', '藏医科', 'Tibetan medicine'),
    ('yi_medicine', '彝医科', 'Yi medicine');
