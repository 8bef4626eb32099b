-- SPDX-License-Identifier: Apache-2.0
DROP INDEX webhook_delivery_due;
ALTER TABLE webhook_delivery DROP COLUMN failure;
