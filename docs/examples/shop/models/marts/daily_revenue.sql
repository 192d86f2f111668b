-- @description: Orders and revenue by day
-- @checks:
--   - unique: ordered_on
--   - expression: revenue >= 0
-- @export: {format: csv, path: out/daily_revenue.csv}
SELECT
    ordered_on,
    count(*) AS orders,
    count(*) FILTER (WHERE status = 'returned') AS returned,
    CAST(sum(paid) AS DECIMAL(12, 2)) AS revenue
FROM fct_orders
GROUP BY ordered_on
ORDER BY ordered_on
