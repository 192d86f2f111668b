-- @description: A log: one more row each time new events were loaded
-- @strategy: append
-- @volatile: false
SELECT
    now() AS loaded_at,
    count(DISTINCT file) AS files,
    count(*) AS events,
    max(occurred_at) AS newest
FROM events
