-- @description: The weather of an hour, in metric units
-- @checks:
--   - unique: [origin, observed_hour]
--   - range: {column: visibility_km, min: 0}
SELECT
    origin,
    time_hour AS observed_hour,
    (temp - 32) * 5 / 9 AS celsius,
    wind_speed * 1.609344 AS wind_kmh,
    precip * 25.4 AS rain_mm,
    visib * 1.609344 AS visibility_km
FROM weather
