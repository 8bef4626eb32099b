-- SPDX-License-Identifier: Apache-2.0
-- All of it is about who runs now: without it the next node to start takes everything up.
DROP TABLE node_counter;
DROP TABLE node_mail;
DROP TABLE room_owner;
DROP INDEX session_node;
ALTER TABLE session DROP COLUMN node;
DROP TABLE node;
