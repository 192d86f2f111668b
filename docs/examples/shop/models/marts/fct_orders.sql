-- @description: One row per order, with what was paid for it
-- @key: order_id
-- @checks:
--   - unique: order_id
--   - row_count: {min: 1}
--   - expression: paid <= amount
WITH per_order AS (
    SELECT
        order_id,
        sum(amount) AS amount,
        coalesce(sum(amount) FILTER (WHERE status = 'paid'), 0) AS paid,
        coalesce(sum(amount) FILTER (WHERE method = 'voucher'), 0) AS by_voucher,
        count(*) AS payments
    FROM stg_payments
    GROUP BY order_id
)

SELECT
    o.order_id,
    o.customer_id,
    o.ordered_at,
    o.ordered_on,
    o.status,
    CAST(coalesce(p.amount, 0) AS DECIMAL(12, 2)) AS amount,
    CAST(coalesce(p.paid, 0) AS DECIMAL(12, 2)) AS paid,
    CAST(coalesce(p.by_voucher, 0) AS DECIMAL(12, 2)) AS by_voucher,
    coalesce(p.payments, 0) AS payments
FROM stg_orders AS o
LEFT JOIN per_order AS p ON o.order_id = p.order_id
