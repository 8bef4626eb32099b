-- SPDX-License-Identifier: Apache-2.0
DROP TABLE material_upload;
DROP TABLE material;
DROP TABLE material_gone;
DROP TABLE material_file;
