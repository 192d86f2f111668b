-- @description: Delays by day, carrier and origin
-- @key: [flown_on, carrier, origin]
-- @checks:
--   - unique: [flown_on, carrier, origin]
--   - expression: cancelled <= flights
--   - range: {column: late_share, min: 0, max: 1}
-- @export: {format: parquet, path: out/daily_delays.parquet}
SELECT
    flown_on,
    carrier,
    origin,
    count(*) AS flights,
    count(*) FILTER (WHERE is_cancelled) AS cancelled,
    count(*) FILTER (WHERE is_late) AS late,
    CAST(count(*) FILTER (WHERE is_late) AS DOUBLE PRECISION) / count(*) AS late_share,
    avg(CAST(dep_delay AS DOUBLE PRECISION)) AS mean_dep_delay,
    avg(CAST(arr_delay AS DOUBLE PRECISION)) AS mean_arr_delay
FROM stg_flights
GROUP BY flown_on, carrier, origin
