"""The statements of the store: frozen text that SQLite and PostgreSQL both take, with ``:name`` parameters.

Text rather than expressions, because a run does not import SQLAlchemy; a test runs each on both.  A parameter that stands
where PostgreSQL cannot guess its type is cast.
"""

from __future__ import annotations

from typing import Final

REVISION: Final = "SELECT version_num FROM store_revision"

BUMP: Final = """
INSERT INTO environments (name, revision) VALUES (:environment, 1)
ON CONFLICT (name) DO UPDATE SET revision = environments.revision + 1"""

ENVIRONMENT_REVISION: Final = "SELECT revision FROM environments WHERE name = :environment"

# One statement, so that the revision and the models are of one moment.
SNAPSHOT: Final = """
SELECT e.revision, m.name, m.fingerprint_data, m.fingerprint_checks, m.fingerprint_metadata, m.data_version, m.parents,
  m.inputs, m.relation, m.kind, m.columns, m.published_at, m.rows, m.seconds, m.exports, m.status, m.attempted_at, m.run,
  m.error, m.checks_failed, m.since
FROM environments e LEFT JOIN models m ON m.environment = e.name
WHERE e.name = :environment"""

ADD_RUN: Final = """
INSERT INTO runs (id, environment, status, started_at, finished_at, command, owner, counts, seconds)
VALUES (:id, :environment, :status, :started_at, :finished_at, :command, :owner, :counts, :seconds)"""

# A run that ended is never made lost by somebody who thought it dead.
END_RUN: Final = (
    ADD_RUN
    + """
ON CONFLICT (id) DO UPDATE SET status = excluded.status, finished_at = excluded.finished_at, counts = excluded.counts,
  seconds = excluded.seconds
WHERE excluded.status <> 'lost' OR runs.status = 'running'"""
)

ADD_ATTEMPT: Final = """
INSERT INTO attempts (id, run, environment, model, status, reason, started_at, finished_at, counts, error, error_code,
  schema_changed)
VALUES (:id, :run, :environment, :model, :status, :reason, :started_at, :finished_at, :counts, :error, :error_code,
  :schema_changed)"""

PUT_MODEL: Final = """
INSERT INTO models (environment, name, fingerprint_data, fingerprint_checks, fingerprint_metadata, data_version, parents,
  inputs, relation, kind, columns, published_at, rows, seconds, exports, status, attempted_at, run, error, checks_failed,
  since)
VALUES (:environment, :name, :fingerprint_data, :fingerprint_checks, :fingerprint_metadata, :data_version, :parents,
  :inputs, :relation, :kind, :columns, :published_at, :rows, :seconds, :exports, :status, :attempted_at, :run, :error,
  :checks_failed, :since)
ON CONFLICT (environment, name) DO UPDATE SET fingerprint_data = excluded.fingerprint_data,
  fingerprint_checks = excluded.fingerprint_checks, fingerprint_metadata = excluded.fingerprint_metadata,
  data_version = excluded.data_version, parents = excluded.parents, inputs = excluded.inputs,
  relation = excluded.relation, kind = excluded.kind, columns = excluded.columns, published_at = excluded.published_at,
  rows = excluded.rows, seconds = excluded.seconds, exports = excluded.exports, status = excluded.status,
  attempted_at = excluded.attempted_at, run = excluded.run, error = excluded.error,
  checks_failed = excluded.checks_failed, since = excluded.since"""

FORGET_MODEL: Final = "DELETE FROM models WHERE environment = :environment AND name = :name"

HAS_MODEL: Final = "SELECT name FROM models WHERE environment = :environment AND name = :name"

RENAME_MODEL: Final = """
UPDATE models SET name = :new, relation = CASE WHEN relation IS NULL THEN NULL ELSE CAST(:relation AS TEXT) END
WHERE environment = :environment AND name = :old"""

_NUMBERED: Final = ("schema_versions", "documents")

# What is recorded of the new name is gone by then, but for its numbered versions: the other's follow them.
RENAME_VERSIONS: Final = {
    table: f"UPDATE {table} SET model = :new, version = version + :after WHERE environment = :environment AND model = :old"
    for table in _NUMBERED
}

LAST_VERSION: Final = {
    table: f"SELECT COALESCE(MAX(version), 0) FROM {table} WHERE environment = :environment AND model = :model"
    for table in _NUMBERED
}

FORGET_OF_MODEL: Final = {
    table: f"DELETE FROM {table} WHERE environment = :environment AND model = :model"
    for table in ("data_versions", "definitions", "intervals", "cursors", "metrics", "check_results")
}

RENAME_OF_MODEL: Final = {
    table: f"UPDATE {table} SET model = :new WHERE environment = :environment AND model = :old"
    for table in (
        "data_versions",
        "definitions",
        "intervals",
        "cursors",
        "metrics",
        "check_results",
        "dead_letters",
    )
}

# The first attempt that published a data version is its history; later successes that moved no row add nothing.
ADD_DATA_VERSION: Final = """
INSERT INTO data_versions (environment, model, data_version, fingerprint_data, run, attempt, published_at, rows)
VALUES (:environment, :model, :data_version, :fingerprint_data, :run, :attempt, :published_at, :rows)
ON CONFLICT (environment, model, data_version) DO NOTHING"""

ADD_SCHEMA_VERSION: Final = """
INSERT INTO schema_versions (environment, model, version, columns, attempt, recorded_at)
SELECT CAST(:environment AS TEXT), CAST(:model AS TEXT), COALESCE(MAX(version), 0) + 1, CAST(:columns AS TEXT),
  CAST(:attempt AS TEXT), CAST(:recorded_at AS BIGINT)
FROM schema_versions WHERE environment = :environment AND model = :model"""

PUT_DEFINITION: Final = """
INSERT INTO definitions (environment, model, fingerprint_data, fingerprint_checks, fingerprint_metadata, "query", rest,
  attempt, recorded_at)
VALUES (:environment, :model, :fingerprint_data, :fingerprint_checks, :fingerprint_metadata, :query, :rest, :attempt,
  :recorded_at)
ON CONFLICT (environment, model) DO UPDATE SET fingerprint_data = excluded.fingerprint_data,
  fingerprint_checks = excluded.fingerprint_checks, fingerprint_metadata = excluded.fingerprint_metadata,
  "query" = excluded."query", rest = excluded.rest, attempt = excluded.attempt, recorded_at = excluded.recorded_at"""

# One that says what the newest says adds no version.
ADD_DOCUMENT: Final = """
INSERT INTO documents (environment, model, version, fingerprint_data, fingerprint_checks, fingerprint_metadata, document,
  attempt, recorded_at)
SELECT CAST(:environment AS TEXT), CAST(:model AS TEXT), COALESCE(newest.version, 0) + 1,
  CAST(:fingerprint_data AS TEXT), CAST(:fingerprint_checks AS TEXT), CAST(:fingerprint_metadata AS TEXT),
  CAST(:document AS TEXT), CAST(:attempt AS TEXT), CAST(:recorded_at AS BIGINT)
FROM (SELECT 1 AS one) AS always
LEFT JOIN (SELECT version, document FROM documents WHERE environment = :environment AND model = :model
  ORDER BY version DESC LIMIT 1) AS newest ON always.one = 1
WHERE newest.version IS NULL OR COALESCE(newest.document, '') <> COALESCE(CAST(:document AS TEXT), '')"""

ADD_CHECK: Final = """
INSERT INTO check_results (attempt, position, run, environment, model, name, type, severity, passed, message, failing,
  sample, recorded_at)
VALUES (:attempt, :position, :run, :environment, :model, :name, :type, :severity, :passed, :message, :failing, :sample,
  :recorded_at)"""

ADD_EVENT: Final = "INSERT INTO events (run, at, type, model, data) VALUES (:run, :at, :type, :model, :data)"

TAKE_LEASE: Final = """
INSERT INTO leases (name, owner, acquired_at, expires_at) VALUES (:name, :owner, :now, :expires_at)
ON CONFLICT (name) DO UPDATE SET owner = excluded.owner, expires_at = excluded.expires_at,
  acquired_at = CASE WHEN leases.owner = excluded.owner THEN leases.acquired_at ELSE excluded.acquired_at END
WHERE leases.owner = excluded.owner OR leases.expires_at <= :now"""

LEASE: Final = "SELECT name, owner, expires_at FROM leases WHERE name = :name"

STEAL_LEASE: Final = """
UPDATE leases SET owner = :owner, acquired_at = :now, expires_at = :expires_at
WHERE name = :name AND owner = :from_owner"""

RELEASE_LEASE: Final = "DELETE FROM leases WHERE name = :name AND owner = :owner"

SAVE_ANSWER: Final = """
INSERT INTO answers (key, answer, saved_at) VALUES (:key, :answer, :saved_at)
ON CONFLICT (key) DO UPDATE SET answer = excluded.answer, saved_at = excluded.saved_at"""

ANSWER: Final = "SELECT answer FROM answers WHERE key = :key"

_RUN: Final = "SELECT id, environment, status, started_at, finished_at, command, owner, counts, seconds FROM runs"

RUNS: Final = (
    _RUN
    + """
WHERE (CAST(:environment AS TEXT) IS NULL OR environment = :environment)
  AND (CAST(:status AS TEXT) IS NULL OR status = :status)
ORDER BY id DESC LIMIT :limit"""
)

# The exact id first, then at most one more: enough to see whether the prefix fits one run only.
RUNS_BY_PREFIX: Final = (
    _RUN
    + """
WHERE SUBSTR(id, 1, LENGTH(CAST(:prefix AS TEXT))) = :prefix ORDER BY id LIMIT 2"""
)

_NEWEST_ATTEMPTS: Final = "SELECT * FROM attempts {where} ORDER BY id DESC LIMIT :limit"

_ATTEMPTS: Final = (
    "SELECT id, run, model, status, reason, started_at, finished_at, counts, error, error_code, schema_changed FROM ("
    + _NEWEST_ATTEMPTS
    + ") AS newest ORDER BY id"
)

_CHECKS: Final = (
    "SELECT attempt, name, type, severity, passed, message, failing, sample FROM check_results WHERE attempt IN "
    "(SELECT id FROM (" + _NEWEST_ATTEMPTS + ") AS newest) ORDER BY attempt, position"
)

_WHERE: Final = {
    (False, False): "",
    (True, False): "WHERE run = :run",
    (False, True): "WHERE model = :model",
    (True, True): "WHERE run = :run AND model = :model",
}

ATTEMPTS: Final = {given: _ATTEMPTS.format(where=where) for given, where in _WHERE.items()}
"""By whether a run and whether a model is given."""

CHECKS: Final = {given: _CHECKS.format(where=where) for given, where in _WHERE.items()}
"""Of the attempts that `ATTEMPTS` gives, by the same."""

# A build counted rows, or moved them: then a data version is called after it.  A check or an export did neither.
_BUILDS: Final = """
SELECT model, started_at, finished_at, counts, rows FROM (
  SELECT a.model, a.started_at, a.finished_at, a.counts, d.rows,
    ROW_NUMBER() OVER (PARTITION BY a.model ORDER BY a.id DESC) AS age
  FROM attempts a LEFT JOIN data_versions d ON d.environment = a.environment AND d.model = a.model
    AND d.data_version = a.id
  WHERE a.environment = :environment AND a.status = 'succeeded' AND a.model IN ({models})
    AND (a.counts IS NOT NULL OR d.attempt IS NOT NULL)
) AS newest WHERE age <= :limit ORDER BY model, age"""

EVENTS: Final = """
SELECT id, run, at, type, model, data FROM events WHERE run = :run AND id > :after ORDER BY id LIMIT :limit"""

SCHEMA_HISTORY: Final = """
SELECT version, recorded_at, columns FROM schema_versions WHERE environment = :environment AND model = :model
ORDER BY version"""

DEFINITION: Final = """
SELECT fingerprint_data, fingerprint_checks, fingerprint_metadata, "query", rest,
  (SELECT document FROM documents WHERE environment = :environment AND model = :model ORDER BY version DESC LIMIT 1)
FROM definitions WHERE environment = :environment AND model = :model"""

DOCUMENTS: Final = """
SELECT version, recorded_at, fingerprint_data, fingerprint_checks, fingerprint_metadata, document FROM documents
WHERE environment = :environment AND model = :model ORDER BY version"""

# --- progress -------------------------------------------------------------------------------------------------

INTERVALS: Final = """
SELECT start_at, end_at, fingerprint, partial, attempt FROM intervals
WHERE environment = :environment AND model = :model ORDER BY start_at"""

# They do not overlap, so the one that begins last before `start` is the only one of those that can reach it.
INTERVALS_TOUCHED: Final = """
SELECT start_at, end_at, fingerprint, partial, attempt FROM intervals
WHERE environment = :environment AND model = :model AND start_at <= :end AND end_at >= :start
  AND start_at >= COALESCE((SELECT MAX(start_at) FROM intervals
    WHERE environment = :environment AND model = :model AND start_at < :start), :start)
ORDER BY start_at"""

ADD_INTERVAL: Final = """
INSERT INTO intervals (environment, model, start_at, end_at, fingerprint, partial, attempt)
VALUES (:environment, :model, :start, :end, :fingerprint, :partial, :attempt)"""

DROP_INTERVAL: Final = """
DELETE FROM intervals WHERE environment = :environment AND model = :model AND start_at = :start"""

FORGET_INTERVALS: Final = "DELETE FROM intervals WHERE environment = :environment AND model = :model"

CURSOR: Final = "SELECT value FROM cursors WHERE environment = :environment AND model = :model"

PUT_CURSOR: Final = """
INSERT INTO cursors (environment, model, value, attempt, recorded_at)
VALUES (:environment, :model, :value, :attempt, :recorded_at)
ON CONFLICT (environment, model) DO UPDATE SET value = excluded.value, attempt = excluded.attempt,
  recorded_at = excluded.recorded_at"""

FORGET_CURSOR: Final = "DELETE FROM cursors WHERE environment = :environment AND model = :model"

FORGET_DEFINITION: Final = "DELETE FROM definitions WHERE environment = :environment AND model = :model"

# --- quality --------------------------------------------------------------------------------------------------

ADD_METRIC: Final = """
INSERT INTO metrics (environment, model, name, of_column, at, attempt, position, value, run)
VALUES (:environment, :model, :name, :of_column, :at, :attempt, :position, :value, :run)"""

METRICS: Final = """
SELECT model, name, value, of_column, run, at FROM metrics
WHERE environment = :environment AND model = :model AND name = :name AND of_column = :of_column
ORDER BY at DESC, attempt DESC, position DESC LIMIT :limit"""

CHECK_HISTORY: Final = """
SELECT recorded_at, run, model, attempt, name, type, severity, passed, message, failing, sample FROM check_results
WHERE environment = :environment AND (CAST(:model AS TEXT) IS NULL OR model = :model)
  AND (CAST(:check AS TEXT) IS NULL OR name = :check)
ORDER BY recorded_at DESC, attempt DESC, position LIMIT :limit"""

# --- what failed, what waits ----------------------------------------------------------------------------------

ADD_DEAD_LETTER: Final = """
INSERT INTO dead_letters (id, environment, model, run, attempt, execution_time, failed_at, error, error_code,
  error_class, traceback, arguments, attempts, status, note, settled_at)
VALUES (:id, :environment, :model, :run, :attempt, :execution_time, :failed_at, :error, :error_code, :error_class,
  :traceback, :arguments, :attempts, :status, :note, :settled_at)
ON CONFLICT (environment, model) WHERE status = 'open' DO UPDATE SET id = excluded.id, run = excluded.run,
  attempt = excluded.attempt, execution_time = excluded.execution_time, failed_at = excluded.failed_at,
  error = excluded.error, error_code = excluded.error_code, error_class = excluded.error_class,
  traceback = excluded.traceback, arguments = excluded.arguments,
  attempts = dead_letters.attempts + excluded.attempts, note = excluded.note"""

_DEAD_LETTER: Final = """
SELECT id, environment, model, run, attempt, execution_time, failed_at, error, error_code, error_class, traceback,
  arguments, attempts, status, note FROM dead_letters"""

DEAD_LETTERS: Final = (
    _DEAD_LETTER
    + """
WHERE (CAST(:environment AS TEXT) IS NULL OR environment = :environment)
  AND (CAST(:model AS TEXT) IS NULL OR model = :model) AND (CAST(:status AS TEXT) IS NULL OR status = :status)
ORDER BY failed_at DESC, id DESC LIMIT :limit"""
)

DEAD_LETTERS_BY_PREFIX: Final = (
    _DEAD_LETTER
    + """
WHERE SUBSTR(id, 1, LENGTH(CAST(:prefix AS TEXT))) = :prefix ORDER BY id LIMIT 2"""
)

SETTLE_DEAD_LETTER: Final = """
UPDATE dead_letters SET status = :status, note = :note, settled_at = :settled_at WHERE id = :id AND status = 'open'"""

PURGE_DEAD_LETTERS: Final = """
DELETE FROM dead_letters WHERE failed_at < :before
  AND (CAST(:environment AS TEXT) IS NULL OR environment = :environment)
  AND (status <> 'open' OR CAST(:include_open AS INTEGER) = 1)"""

SAVE_CIRCUIT: Final = """
INSERT INTO circuits (connection, state, failures, at, last_error)
VALUES (:connection, :state, :failures, :at, :last_error)
ON CONFLICT (connection) DO UPDATE SET state = excluded.state, failures = excluded.failures, at = excluded.at,
  last_error = excluded.last_error"""

CIRCUITS: Final = "SELECT connection, state, failures, at, last_error FROM circuits ORDER BY connection"

HOLD: Final = """
INSERT INTO held (run, model, environment, connection, relation, staged, at, base, record, difference)
VALUES (:run, :model, :environment, :connection, :relation, :staged, :at, :base, :record, :difference)
ON CONFLICT (run, model) DO UPDATE SET connection = excluded.connection, relation = excluded.relation,
  staged = excluded.staged, at = excluded.at, base = excluded.base, record = excluded.record,
  difference = excluded.difference"""

HELD: Final = """
SELECT run, environment, model, connection, relation, staged, at, base, record, difference FROM held
WHERE (CAST(:environment AS TEXT) IS NULL OR environment = :environment)
  AND (CAST(:run AS TEXT) IS NULL OR run = :run)
ORDER BY at, run, model"""

DROP_HELD: Final = """
DELETE FROM held WHERE run = :run AND (CAST(:model AS TEXT) IS NULL OR model = :model)"""

TABLES: Final = (
    "environments",
    "models",
    "runs",
    "attempts",
    "check_results",
    "data_versions",
    "schema_versions",
    "definitions",
    "documents",
    "intervals",
    "cursors",
    "metrics",
    "events",
    "dead_letters",
    "circuits",
    "held",
    "schedules",
    "fires",
    "requests",
    "leases",
    "answers",
)
"""Every table but the revision's own, in the order they are exported."""


def builds(models: int) -> str:
    """The last builds of so many models, which are called ``:m0``, ``:m1`` and so on."""
    return _BUILDS.format(models=", ".join(f":m{i}" for i in range(models)))
