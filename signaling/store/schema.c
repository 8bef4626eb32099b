/* SPDX-License-Identifier: Apache-2.0 */
/* The schema steps. SQL that SQLite and PostgreSQL both take: TEXT, BIGINT, BYTEA. Times are
 * microseconds of UTC (…_us). Columns named sealed_… hold what store/vault.h made; no clinical text
 * stands outside of them. A released step is never edited: add the next one. */
#include "signaling/store/migrations.h"

static const char people[] =
    "CREATE TABLE institution ("
    " id TEXT PRIMARY KEY, name TEXT NOT NULL,"
    " level BIGINT NOT NULL CHECK (level BETWEEN 1 AND 5), kind TEXT NOT NULL);"
    "CREATE TABLE panel ("
    " id TEXT PRIMARY KEY, name TEXT NOT NULL, specialty TEXT NOT NULL,"
    " level BIGINT NOT NULL CHECK (level BETWEEN 1 AND 5),"
    " institution TEXT NOT NULL REFERENCES institution (id));"
    "CREATE TABLE account ("
    " id TEXT PRIMARY KEY, login TEXT NOT NULL UNIQUE, name TEXT NOT NULL,"
    " password_hash TEXT NOT NULL, roles BIGINT NOT NULL,"
    " institution TEXT NOT NULL REFERENCES institution (id),"
    " language TEXT NOT NULL, disabled BIGINT NOT NULL DEFAULT 0);"
    "CREATE TABLE login_wait ("
    " login_hash BYTEA PRIMARY KEY, failures BIGINT NOT NULL, wait_until_us BIGINT NOT NULL,"
    " touched_us BIGINT NOT NULL);"
    "CREATE INDEX login_wait_touched ON login_wait (touched_us);"
    "CREATE TABLE panel_member ("
    " panel TEXT NOT NULL REFERENCES panel (id), account TEXT NOT NULL REFERENCES account (id),"
    " PRIMARY KEY (panel, account));"
    "CREATE TABLE duty ("
    " panel TEXT NOT NULL, account TEXT NOT NULL, since_us BIGINT NOT NULL,"
    " PRIMARY KEY (panel, account),"
    " FOREIGN KEY (panel, account) REFERENCES panel_member (panel, account) ON DELETE CASCADE);"
    "CREATE TABLE session ("
    " id TEXT PRIMARY KEY, token_hash BYTEA NOT NULL UNIQUE,"
    " account TEXT NOT NULL REFERENCES account (id), device TEXT NOT NULL,"
    " created_us BIGINT NOT NULL, expires_us BIGINT NOT NULL,"
    " last_seq BIGINT NOT NULL DEFAULT 0, ended_us BIGINT, end_reason TEXT);"
    "CREATE INDEX session_account ON session (account);"
    "CREATE INDEX session_open ON session (expires_us) WHERE ended_us IS NULL;";

static const char consultations[] =
    "CREATE TABLE consultation ("
    " id TEXT PRIMARY KEY, kind TEXT NOT NULL, urgency TEXT NOT NULL,"
    " panel TEXT NOT NULL REFERENCES panel (id),"
    " applicant TEXT NOT NULL REFERENCES account (id),"
    " specialist TEXT REFERENCES account (id),"
    " state TEXT NOT NULL, reason TEXT NOT NULL, room_open BIGINT NOT NULL,"
    " room_live BIGINT NOT NULL,"
    " submitted_us BIGINT NOT NULL, accepted_us BIGINT NOT NULL, started_us BIGINT NOT NULL,"
    " ended_us BIGINT NOT NULL, revision BIGINT NOT NULL,"
    " sealed_request BYTEA NOT NULL, sealed_reason BYTEA);"
    "CREATE INDEX consultation_applicant ON consultation (applicant, submitted_us);"
    "CREATE INDEX consultation_specialist ON consultation (specialist, submitted_us);"
    "CREATE INDEX consultation_room ON consultation (room_open) WHERE room_open = 1;"
    "CREATE TABLE ring ("
    " consultation TEXT NOT NULL REFERENCES consultation (id), position BIGINT NOT NULL,"
    " account TEXT NOT NULL REFERENCES account (id), state BIGINT NOT NULL,"
    " PRIMARY KEY (consultation, position));"
    "CREATE INDEX ring_account ON ring (account, state);"
    "CREATE TABLE participant ("
    " consultation TEXT NOT NULL REFERENCES consultation (id), party BIGINT NOT NULL,"
    " session TEXT NOT NULL, presence BIGINT NOT NULL, PRIMARY KEY (consultation, party));"
    "CREATE INDEX participant_session ON participant (session);"
    "CREATE TABLE deadline ("
    " object TEXT NOT NULL, kind TEXT NOT NULL, at_us BIGINT NOT NULL,"
    " PRIMARY KEY (object, kind));"
    "CREATE INDEX deadline_at ON deadline (at_us);"
    "CREATE TABLE opinion ("
    " id TEXT PRIMARY KEY, consultation TEXT NOT NULL UNIQUE REFERENCES consultation (id),"
    " author TEXT NOT NULL REFERENCES account (id), sealed_draft BYTEA NOT NULL,"
    " saved_us BIGINT NOT NULL, sealed_canonical BYTEA, canonical_hash BYTEA,"
    " algorithm TEXT, signature BYTEA, certificate TEXT, signed_us BIGINT);"
    "CREATE TABLE signing_key ("
    " id TEXT PRIMARY KEY, owner TEXT NOT NULL, algorithm TEXT NOT NULL,"
    " sealed_key BYTEA NOT NULL, certificate TEXT NOT NULL,"
    " from_us BIGINT NOT NULL, until_us BIGINT NOT NULL);"
    "CREATE INDEX signing_key_owner ON signing_key (owner, until_us);";

static const char delivery[] =
    "CREATE TABLE audit ("
    " number BIGINT PRIMARY KEY, at_us BIGINT NOT NULL, account TEXT NOT NULL,"
    " session TEXT NOT NULL, act TEXT NOT NULL, object TEXT NOT NULL, detail TEXT NOT NULL,"
    " previous BYTEA NOT NULL, hash BYTEA NOT NULL);"
    "CREATE INDEX audit_object ON audit (object);"
    "CREATE TABLE idempotency ("
    " session TEXT NOT NULL, request TEXT NOT NULL, digest BYTEA NOT NULL,"
    " sealed_reply BYTEA NOT NULL, at_us BIGINT NOT NULL, PRIMARY KEY (session, request));"
    "CREATE TABLE outbox ("
    " session TEXT NOT NULL, seq BIGINT NOT NULL, sealed_body BYTEA NOT NULL,"
    " PRIMARY KEY (session, seq));"
    "CREATE TABLE media_object ("
    " id TEXT PRIMARY KEY, room TEXT NOT NULL, transport TEXT NOT NULL, kind TEXT NOT NULL,"
    " account TEXT NOT NULL, session TEXT NOT NULL, body TEXT NOT NULL);"
    "CREATE INDEX media_object_room ON media_object (room);";

const struct migration migrations[] = {
    {1, "people", people},
    {2, "consultations", consultations},
    {3, "delivery", delivery},
};
const size_t migration_count = sizeof(migrations) / sizeof(migrations[0]);
