-- @description: One row per customer, with what the shop knows of them
-- @key: customer_id
-- @checks:
--   - unique: customer_id
--   - not_null: [customer_id, orders, spent]
-- @export: {format: parquet, path: out/customers.parquet}
WITH spending AS (
    SELECT
        customer_id,
        count(*) AS orders,
        min(ordered_on) AS first_order_on,
        max(ordered_on) AS last_order_on,
        sum(paid) AS spent
    FROM fct_orders
    GROUP BY customer_id
)

SELECT
    c.customer_id,
    c.name,
    c.email,
    c.city,
    c.country,
    c.signed_up_on,
    s.first_order_on,
    s.last_order_on,
    coalesce(s.orders, 0) AS orders,
    CAST(coalesce(s.spent, 0) AS DECIMAL(12, 2)) AS spent,
    coalesce(s.spent, 0) >= $vip_spend AS is_vip
FROM stg_customers AS c
LEFT JOIN spending AS s ON c.customer_id = s.customer_id
