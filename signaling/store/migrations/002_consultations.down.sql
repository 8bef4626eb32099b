-- SPDX-License-Identifier: Apache-2.0
DROP TABLE signing_key;
DROP TABLE opinion;
DROP TABLE deadline;
DROP TABLE participant;
DROP TABLE ring;
DROP TABLE consultation;
