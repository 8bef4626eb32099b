-- SPDX-License-Identifier: Apache-2.0
DROP TABLE link_used;
DROP TABLE link_key;
DROP TABLE webhook_delivery;
DROP TABLE webhook;
DROP TABLE consultation_media;
