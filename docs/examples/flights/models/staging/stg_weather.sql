-- @description: The weather of an hour, in metric units
-- @checks:
--   - unique: [origin, observed_hour]
--   - range: {column: visibility_km, min: 0}
SELECT
    origin,
    time_hour AS observed_hour,
    round((temp - 32) * 5 / 9, 1) AS celsius,
    round(wind_speed * 1.609344, 1) AS wind_kmh,
    round(precip * 25.4, 2) AS rain_mm,
    round(visib * 1.609344, 1) AS visibility_km
FROM weather
