-- @description: Visits to a small site, one row each
-- @checks:
--   - unique: visit_id
--   - not_null: [page, visited_at]
--   - range: {column: seconds, min: 0}
SELECT
    visit_id,
    page,
    CAST(visited_at AS TIMESTAMP) AS visited_at,
    seconds
FROM (
    VALUES
        (1, 'home', '2026-03-02 08:14:05', 12),
        (2, 'pricing', '2026-03-02 08:14:20', 95),
        (3, 'home', '2026-03-02 09:40:51', 4),
        (4, 'docs', '2026-03-02 09:41:02', 310),
        (5, 'docs', '2026-03-03 11:02:33', 187),
        (6, 'home', '2026-03-03 11:30:00', 9),
        (7, 'pricing', '2026-03-03 17:55:48', 61),
        (8, 'home', '2026-03-04 07:05:12', 3)
) AS given (visit_id, page, visited_at, seconds)
