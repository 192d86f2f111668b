-- A store of revision 0003 as that Interlace made it: never changed.
CREATE TABLE answers (
  "key" TEXT NOT NULL,
  answer BLOB NOT NULL,
  saved_at BIGINT NOT NULL,
  PRIMARY KEY ("key")
);
CREATE TABLE attempts (
  id TEXT NOT NULL,
  run TEXT NOT NULL,
  environment TEXT NOT NULL,
  model TEXT NOT NULL,
  status TEXT NOT NULL,
  reason TEXT NOT NULL,
  started_at BIGINT NOT NULL,
  finished_at BIGINT NOT NULL,
  counts TEXT,
  error TEXT,
  error_code TEXT,
  schema_changed SMALLINT NOT NULL,
  PRIMARY KEY (id)
);
CREATE INDEX attempts_by_model ON attempts (model);
CREATE INDEX attempts_by_run ON attempts (run);
CREATE TABLE check_results (
  attempt TEXT NOT NULL,
  position BIGINT NOT NULL,
  run TEXT NOT NULL,
  environment TEXT NOT NULL,
  model TEXT NOT NULL,
  name TEXT NOT NULL,
  type TEXT NOT NULL,
  severity TEXT NOT NULL,
  passed SMALLINT NOT NULL,
  message TEXT NOT NULL,
  failing BIGINT,
  sample TEXT,
  recorded_at BIGINT NOT NULL,
  PRIMARY KEY (attempt, position)
)
 WITHOUT ROWID;
CREATE INDEX check_results_by_model ON check_results (environment, model, recorded_at);
CREATE TABLE circuits (
  connection TEXT NOT NULL,
  state TEXT NOT NULL,
  failures BIGINT NOT NULL,
  at BIGINT NOT NULL,
  last_error TEXT,
  PRIMARY KEY (connection)
)
 WITHOUT ROWID;
CREATE TABLE cursors (
  environment TEXT NOT NULL,
  model TEXT NOT NULL,
  value TEXT NOT NULL,
  attempt TEXT NOT NULL,
  recorded_at BIGINT NOT NULL,
  PRIMARY KEY (environment, model)
)
 WITHOUT ROWID;
CREATE TABLE data_versions (
  environment TEXT NOT NULL,
  model TEXT NOT NULL,
  data_version TEXT NOT NULL,
  fingerprint_data TEXT,
  run TEXT NOT NULL,
  attempt TEXT NOT NULL,
  published_at BIGINT NOT NULL,
  rows BIGINT,
  PRIMARY KEY (environment, model, data_version)
)
 WITHOUT ROWID;
CREATE TABLE dead_letters (
  id TEXT NOT NULL,
  environment TEXT NOT NULL,
  model TEXT NOT NULL,
  run TEXT NOT NULL,
  attempt TEXT NOT NULL,
  execution_time BIGINT NOT NULL,
  failed_at BIGINT NOT NULL,
  error TEXT NOT NULL,
  error_code TEXT,
  error_class TEXT NOT NULL,
  traceback TEXT,
  arguments TEXT,
  attempts BIGINT NOT NULL,
  status TEXT NOT NULL,
  note TEXT,
  settled_at BIGINT,
  PRIMARY KEY (id)
);
CREATE UNIQUE INDEX dead_letters_open ON dead_letters (environment, model) WHERE status = 'open';
CREATE TABLE definitions (
  environment TEXT NOT NULL,
  model TEXT NOT NULL,
  fingerprint_data TEXT NOT NULL,
  fingerprint_checks TEXT NOT NULL,
  fingerprint_metadata TEXT NOT NULL,
  "query" TEXT,
  rest TEXT NOT NULL,
  attempt TEXT NOT NULL,
  recorded_at BIGINT NOT NULL,
  PRIMARY KEY (environment, model)
)
 WITHOUT ROWID;
CREATE TABLE documents (
  environment TEXT NOT NULL,
  model TEXT NOT NULL,
  version BIGINT NOT NULL,
  fingerprint_data TEXT NOT NULL,
  fingerprint_checks TEXT NOT NULL,
  fingerprint_metadata TEXT NOT NULL,
  document TEXT,
  attempt TEXT NOT NULL,
  recorded_at BIGINT NOT NULL,
  PRIMARY KEY (environment, model, version)
)
 WITHOUT ROWID;
CREATE TABLE environments (
  name TEXT NOT NULL,
  revision BIGINT NOT NULL,
  PRIMARY KEY (name)
)
 WITHOUT ROWID;
CREATE TABLE events (
  id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  run TEXT NOT NULL,
  at BIGINT NOT NULL,
  type TEXT NOT NULL,
  model TEXT,
  data TEXT
);
CREATE INDEX events_by_run ON events (run, id);
CREATE TABLE held (
  run TEXT NOT NULL,
  model TEXT NOT NULL,
  environment TEXT NOT NULL,
  connection TEXT NOT NULL,
  relation TEXT NOT NULL,
  staged TEXT NOT NULL,
  at BIGINT NOT NULL,
  base TEXT,
  record BLOB NOT NULL,
  difference TEXT,
  PRIMARY KEY (run, model)
);
CREATE TABLE intervals (
  environment TEXT NOT NULL,
  model TEXT NOT NULL,
  start_at BIGINT NOT NULL,
  end_at BIGINT NOT NULL,
  fingerprint TEXT NOT NULL,
  partial SMALLINT NOT NULL,
  attempt TEXT NOT NULL,
  PRIMARY KEY (environment, model, start_at)
)
 WITHOUT ROWID;
CREATE TABLE leases (
  name TEXT NOT NULL,
  owner TEXT NOT NULL,
  acquired_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  PRIMARY KEY (name)
)
 WITHOUT ROWID;
CREATE TABLE metrics (
  environment TEXT NOT NULL,
  model TEXT NOT NULL,
  name TEXT NOT NULL,
  of_column TEXT NOT NULL,
  at BIGINT NOT NULL,
  attempt TEXT NOT NULL,
  position BIGINT NOT NULL,
  value DOUBLE,
  run TEXT NOT NULL,
  PRIMARY KEY (environment, model, name, of_column, at, attempt, position)
)
 WITHOUT ROWID;
CREATE TABLE models (
  environment TEXT NOT NULL,
  name TEXT NOT NULL,
  fingerprint_data TEXT,
  fingerprint_checks TEXT,
  fingerprint_metadata TEXT,
  data_version TEXT,
  parents TEXT,
  inputs TEXT,
  relation TEXT,
  kind TEXT,
  columns TEXT,
  published_at BIGINT,
  rows BIGINT,
  seconds DOUBLE,
  exports TEXT,
  status TEXT,
  attempted_at BIGINT,
  run TEXT,
  error TEXT,
  checks_failed SMALLINT NOT NULL,
  since TEXT,
  PRIMARY KEY (environment, name)
)
 WITHOUT ROWID;
CREATE TABLE runs (
  id TEXT NOT NULL,
  environment TEXT NOT NULL,
  status TEXT NOT NULL,
  started_at BIGINT NOT NULL,
  finished_at BIGINT,
  command TEXT NOT NULL,
  owner TEXT NOT NULL,
  counts TEXT,
  seconds DOUBLE,
  PRIMARY KEY (id)
);
CREATE TABLE schema_versions (
  environment TEXT NOT NULL,
  model TEXT NOT NULL,
  version BIGINT NOT NULL,
  columns TEXT,
  attempt TEXT NOT NULL,
  recorded_at BIGINT NOT NULL,
  PRIMARY KEY (environment, model, version)
)
 WITHOUT ROWID;
CREATE TABLE store_revision (
  version_num VARCHAR(32) NOT NULL,
  CONSTRAINT store_revision_pkc PRIMARY KEY (version_num)
);
INSERT INTO store_revision (version_num) VALUES ('0003');
