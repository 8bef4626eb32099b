-- SPDX-License-Identifier: Apache-2.0
DROP INDEX relay_minute_age;
DROP TABLE relay_minute;
