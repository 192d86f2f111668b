-- @description: Orders, with the day they were placed on
-- @checks:
--   - unique: order_id
--   - not_null: [order_id, customer_id, ordered_at]
--   - accepted_values: {column: status, values: [placed, shipped, completed, returned, cancelled]}
--   - relationships: {column: customer_id, to: stg_customers, field: customer_id}
--   - freshness: {column: ordered_at, max_age: 3650d, severity: warn}
SELECT
    order_id,
    customer_id,
    ordered_at,
    CAST(ordered_at AS DATE) AS ordered_on,
    status,
    note
FROM orders
