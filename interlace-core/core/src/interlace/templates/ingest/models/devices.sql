-- @description: One row per device: its last sign of life, its alarms, its temperature
-- @key: device
-- @checks:
--   - unique: device
--   - expression: coldest <= warmest
WITH heard AS (
    SELECT
        device,
        count(*) AS events,
        count(*) FILTER (WHERE kind = 'alarm') AS alarms,
        max(occurred_at) AS last_event_at
    FROM events
    GROUP BY device
),

measured AS (
    SELECT
        device,
        min(celsius) AS coldest,
        max(celsius) AS warmest,
        arg_max(battery, read_at) AS battery
    FROM readings
    GROUP BY device
)

SELECT
    device,
    coalesce(h.events, 0) AS events,
    coalesce(h.alarms, 0) AS alarms,
    h.last_event_at,
    m.coldest,
    m.warmest,
    m.battery
FROM heard AS h
FULL JOIN measured AS m USING (device)
