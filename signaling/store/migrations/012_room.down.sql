-- SPDX-License-Identifier: Apache-2.0
DROP TABLE material_mark;
DROP TABLE consultation_message;
