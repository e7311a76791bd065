-- name: fence_key
-- The installation's secret behind the fence of the block.
select value from recalld.installation where name = 'fence_key'
