-- @description: Delays and cancellations by how far one could see and whether it rained
-- @checks:
--   - unique: [sight, rain]
--   - accepted_values: {column: sight, values: [fog, haze, clear]}
WITH joined AS (
    SELECT
        CASE WHEN w.visibility_km < 2 THEN 'fog' WHEN w.visibility_km < 10 THEN 'haze' ELSE 'clear' END AS sight,
        w.rain_mm > 0 AS rain,
        f.dep_delay,
        f.is_cancelled
    FROM stg_flights AS f
    INNER JOIN stg_weather AS w ON f.origin = w.origin AND f.scheduled_hour = w.observed_hour
)

SELECT
    sight,
    rain,
    count(*) AS flights,
    avg(CAST(dep_delay AS DOUBLE PRECISION)) AS mean_dep_delay,
    CAST(count(*) FILTER (WHERE is_cancelled) AS DOUBLE PRECISION) / count(*) AS cancelled_share
FROM joined
GROUP BY sight, rain
