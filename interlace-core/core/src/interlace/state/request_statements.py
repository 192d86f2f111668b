"""The statements of schedules and requests: frozen text, as in `interlace.state.statements`."""

from __future__ import annotations

from typing import Final

# --- schedules --------------------------------------------------------------------------------------------------------

_SCHEDULE: Final = "SELECT environment, name, definition, next_at, changed_at, paused, last_at FROM schedules"

SCHEDULES: Final = f"{_SCHEDULE} WHERE environment = :environment ORDER BY name"

# What is due; on a server the rest of the statement leaves out what another scheduler holds.
DUE: Final = f"""
{_SCHEDULE}
WHERE environment = :environment AND next_at <= :now AND paused = 0 ORDER BY next_at, name LIMIT :limit"""

# A changed definition begins anew, and stays paused where it was.
PUT_SCHEDULE: Final = """
INSERT INTO schedules (environment, name, definition, next_at, changed_at, paused, last_at)
VALUES (:environment, :name, :definition, :next_at, :now, 0, NULL)
ON CONFLICT (environment, name) DO UPDATE SET definition = excluded.definition, next_at = excluded.next_at,
  changed_at = excluded.changed_at
WHERE schedules.definition <> excluded.definition"""

FORGET_SCHEDULE: Final = "DELETE FROM schedules WHERE environment = :environment AND name = :name"

MOVE_SCHEDULE: Final = """
UPDATE schedules SET next_at = :next_at,
  last_at = CASE WHEN CAST(:last_at AS BIGINT) IS NULL OR last_at > :last_at THEN last_at ELSE :last_at END
WHERE environment = :environment AND name = :name"""

PAUSE_SCHEDULE: Final = "UPDATE schedules SET paused = 1 WHERE environment = :environment AND name = :name"

# What is due from then on: it may be due already where it was not paused, and then stays so.
RESUME_SCHEDULE: Final = """
UPDATE schedules SET next_at = CASE WHEN paused = 1 THEN CAST(:next_at AS BIGINT) ELSE next_at END, paused = 0
WHERE environment = :environment AND name = :name"""

ADD_FIRE: Final = """
INSERT INTO fires (environment, schedule, at, decided_at, outcome, reason, request)
VALUES (:environment, :schedule, :at, :decided_at, :outcome, :reason, :request)
ON CONFLICT (environment, schedule, at) DO NOTHING"""

FIRES: Final = """
SELECT environment, schedule, at, decided_at, outcome, reason, request FROM fires
WHERE environment = :environment AND (CAST(:schedule AS TEXT) IS NULL OR schedule = :schedule)
  AND (CAST(:before AS BIGINT) IS NULL OR at < :before)
ORDER BY at DESC, schedule LIMIT :limit"""

OPEN_BY_SCHEDULE: Final = """
SELECT schedule, COUNT(*) FROM requests
WHERE environment = :environment AND status IN ('queued', 'running') AND schedule IS NOT NULL
GROUP BY schedule"""

# --- requests ---------------------------------------------------------------------------------------------------------

_COLUMNS: Final = """id, environment, source, requested_at, arguments, status, requested_by, schedule, fire_at, not_before,
  priority, idempotency_key, attempt, token, owner, lease_until, deadline, cancel, started_at, finished_at, run, error,
  error_code"""

_REQUEST: Final = f"SELECT {_COLUMNS} FROM requests"

# One for the same time of a schedule, or with the same key, is there already.
ADD_REQUEST: Final = f"""
INSERT INTO requests ({_COLUMNS})
VALUES (:id, :environment, :source, :requested_at, :arguments, :status, :requested_by, :schedule, :fire_at, :not_before,
  :priority, :idempotency_key, :attempt, :token, :owner, :lease_until, :deadline, :cancel, :started_at, :finished_at,
  :run, :error, :error_code)
ON CONFLICT DO NOTHING"""

SAME_REQUEST: Final = f"""
{_REQUEST}
WHERE environment = :environment AND (id = :id
  OR (CAST(:idempotency_key AS TEXT) IS NOT NULL AND idempotency_key = :idempotency_key)
  OR (CAST(:schedule AS TEXT) IS NOT NULL AND schedule = :schedule AND fire_at = :fire_at))"""

REQUEST: Final = f"{_REQUEST} WHERE id = :id"

REQUEST_OF_RUN: Final = f"{_REQUEST} WHERE run = :run ORDER BY id DESC LIMIT 1"

_WAITS: Final = """status = 'queued' AND (not_before IS NULL OR not_before <= :now)
  AND NOT EXISTS (SELECT 1 FROM requests AS other WHERE other.environment = requests.environment
    AND other.status = 'running')"""

WAITING: Final = f"""
SELECT id, environment FROM requests WHERE {_WAITS} ORDER BY priority DESC, id LIMIT 1000"""

# Whoever claims holds this row until the end of the transaction: one at a time, however many there are.
CLAIMING: Final = """
INSERT INTO leases (name, owner, acquired_at, expires_at) VALUES ('queue', :owner, :now, :now)
ON CONFLICT (name) DO UPDATE SET owner = excluded.owner, acquired_at = excluded.acquired_at,
  expires_at = excluded.expires_at"""

BEGIN_REQUEST: Final = """
UPDATE requests SET status = 'running', owner = :owner, token = :token, attempt = attempt + 1, started_at = :now,
  lease_until = :lease_until, run = NULL, error = NULL, error_code = NULL
WHERE id = :id AND status = 'queued'"""

RENEW_REQUEST: Final = """
UPDATE requests SET lease_until = :lease_until WHERE id = :id AND token = :token AND status = 'running'"""

CANCELLED: Final = "SELECT cancel FROM requests WHERE id = :id"

REQUEST_BEGAN: Final = "UPDATE requests SET run = :run WHERE id = :id AND token = :token AND status = 'running'"

END_REQUEST: Final = """
UPDATE requests SET status = :status, finished_at = :now, lease_until = NULL, error = :error, error_code = :error_code
WHERE id = :id AND token = :token AND status = 'running'"""

GIVE_BACK: Final = """
UPDATE requests SET status = 'queued', token = NULL, owner = '', lease_until = NULL, not_before = :not_before
WHERE id = :id AND token = :token AND status = 'running'"""

EXPIRED: Final = f"{_REQUEST} WHERE status = 'running' AND lease_until <= :now ORDER BY id"

RUNNING: Final = f"""
{_REQUEST}
WHERE status = 'running' AND (CAST(:environment AS TEXT) IS NULL OR environment = :environment) ORDER BY id"""

# One that somebody wants to end is not begun again.
TAKE_OVER: Final = """
UPDATE requests SET status = CASE WHEN cancel = 1 THEN 'cancelled' ELSE CAST(:status AS TEXT) END, token = NULL, owner = '',
  lease_until = NULL, error = :error,
  finished_at = CASE WHEN cancel = 0 AND CAST(:status AS TEXT) = 'queued' THEN NULL ELSE CAST(:now AS BIGINT) END
WHERE id = :id AND token = :token AND status = 'running'"""

CANCEL_QUEUED: Final = """
UPDATE requests SET status = 'cancelled', cancel = 1, finished_at = :now, error = :error
WHERE id = :id AND status = 'queued'"""

CANCEL_RUNNING: Final = """
UPDATE requests SET cancel = 1, error = :error WHERE id = :id AND status = 'running' AND cancel = 0"""

REQUESTS: Final = f"""
{_REQUEST}
WHERE (CAST(:environment AS TEXT) IS NULL OR environment = :environment)
  AND (CAST(:status AS TEXT) IS NULL OR status = :status)
  AND (CAST(:schedule AS TEXT) IS NULL OR schedule = :schedule)
  AND (CAST(:before AS TEXT) IS NULL OR id < :before)
ORDER BY id DESC LIMIT :limit"""
