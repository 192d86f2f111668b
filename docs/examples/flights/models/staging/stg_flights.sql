-- @description: Flights with dates, instants and a flag for those that never left
-- @checks:
--   - unique: [carrier, flight, origin, flown_on, sched_dep_time]
--   - relationships: {column: carrier, to: airlines, field: carrier}
--   - relationships: {column: dest, to: airports, field: faa, severity: warn, name: destination is a known airport}
--   - pattern: {column: tailnum, regex: "[A-Z][0-9A-Z]+"}
--   - range: {column: distance, min: 1, max: 10000}
--   - expression: is_cancelled = (dep_delay IS NULL)
--   - freshness: {column: scheduled_hour, max_age: 36500d, severity: warn}
SELECT
    carrier,
    flight,
    tailnum,
    origin,
    dest,
    make_date(year, month, day) AS flown_on,
    sched_dep_time,
    time_hour AS scheduled_hour,
    dep_delay,
    arr_delay,
    air_time,
    distance,
    dep_time IS NULL AS is_cancelled,
    coalesce(dep_delay >= $late_after, FALSE) AS is_late
FROM flights
