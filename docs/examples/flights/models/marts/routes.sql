-- @description: One row per route: how far, how often, how fast
-- @checks:
--   - unique: [origin, dest]
--   - row_count: {min: 200, max: 300}
--   - not_null: {columns: [dest_name], severity: warn}
-- @export: {format: csv, path: out/routes.csv}
SELECT
    f.origin,
    f.dest,
    a.name AS dest_name,
    count(*) AS flights,
    count(DISTINCT f.carrier) AS carriers,
    max(f.distance) AS miles,
    avg(CAST(f.air_time AS DOUBLE PRECISION)) AS mean_air_time,
    CAST(sum(f.distance) FILTER (WHERE f.air_time IS NOT NULL) AS DOUBLE PRECISION) * 60 / sum(f.air_time) AS mean_mph
FROM stg_flights AS f
LEFT JOIN airports AS a ON f.dest = a.faa
GROUP BY f.origin, f.dest, a.name
ORDER BY flights DESC, f.origin, f.dest
