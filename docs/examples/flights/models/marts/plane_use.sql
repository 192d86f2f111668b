-- @description: How much each plane flew
-- @key: tailnum
-- @checks:
--   - unique: tailnum
--   - relationships: {column: tailnum, to: planes, field: tailnum, severity: warn}
--   - range: {column: hours, min: 0}
SELECT
    f.tailnum,
    p.manufacturer,
    p.model,
    p.seats,
    CAST(2013 - p.built_in AS INTEGER) AS age,
    count(*) AS flights,
    count(DISTINCT f.flown_on) AS days,
    CAST(sum(f.distance) AS BIGINT) AS miles,
    CAST(sum(f.air_time) AS DOUBLE PRECISION) / 60 AS hours
FROM stg_flights AS f
LEFT JOIN stg_planes AS p ON f.tailnum = p.tailnum
WHERE f.tailnum IS NOT NULL AND NOT f.is_cancelled
GROUP BY f.tailnum, p.manufacturer, p.model, p.seats, p.built_in
