-- @description: Payments in euros
-- @checks:
--   - unique: payment_id
--   - relationships: {column: order_id, to: stg_orders, field: order_id}
--   - range: {column: amount, min: 0}
--   - accepted_values: {column: method, values: [card, transfer, paypal, voucher]}
SELECT
    payment_id,
    order_id,
    method,
    CAST(amount_cents / 100.0 AS DECIMAL(12, 2)) AS amount,
    status,
    paid_at
FROM payments
