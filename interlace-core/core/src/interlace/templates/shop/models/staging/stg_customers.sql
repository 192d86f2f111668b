-- @description: Customers with one name, and e-mail addresses in lower case
-- @checks:
--   - unique: customer_id
--   - not_null: [customer_id, name, country]
--   - pattern: {column: email, regex: ".+@.+[.].+"}
SELECT
    customer_id,
    first_name || ' ' || last_name AS name,
    lower(email) AS email,
    city,
    country,
    signed_up_on
FROM customers
