-- SPDX-License-Identifier: Apache-2.0
DROP TABLE session;
DROP TABLE duty;
DROP TABLE panel_member;
DROP TABLE login_wait;
DROP TABLE account;
DROP TABLE panel;
DROP TABLE institution;
