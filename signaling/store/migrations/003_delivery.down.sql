-- SPDX-License-Identifier: Apache-2.0
DROP TABLE media_object;
DROP TABLE outbox;
DROP TABLE idempotency;
DROP TABLE audit;
