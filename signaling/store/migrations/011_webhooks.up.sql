-- SPDX-License-Identifier: Apache-2.0
-- Why a delivery was given up ('' : its answer says it), and what one receiver waits for.
ALTER TABLE webhook_delivery ADD COLUMN failure TEXT NOT NULL DEFAULT '';
CREATE INDEX webhook_delivery_due ON webhook_delivery (webhook, next_us) WHERE ended_us = 0;
