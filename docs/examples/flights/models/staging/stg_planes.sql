-- @description: Planes with the year they were built in
-- @checks:
--   - unique: tailnum
--   - not_null: seats
SELECT
    tailnum,
    year AS built_in,
    upper(manufacturer) AS manufacturer,
    model,
    engines,
    seats
FROM planes
