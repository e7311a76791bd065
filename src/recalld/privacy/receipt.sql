-- name: secrets
-- The installation's keys.
select name, value from recalld.installation where name in ('fence_key', 'receipt_key')

-- name: last
-- The end of the tenant's chain.
select seq, hash from recalld.receipts where tenant_id = %(tenant_id)s order by seq desc limit 1

-- name: insert
-- The next of the chain; another writer may have been faster.
insert into recalld.receipts (tenant_id, seq, erasure_id, hash, receipt)
values (%(tenant_id)s, %(seq)s, %(erasure_id)s, %(hash)s, %(receipt)s::jsonb)
on conflict (tenant_id, seq) do nothing

-- name: of_erasure
-- The newest receipt of one erasure.
select receipt from recalld.receipts where tenant_id = %(tenant_id)s and erasure_id = %(erasure_id)s order by seq desc limit 1

-- name: all
-- The chain, oldest first.
select receipt from recalld.receipts where tenant_id = %(tenant_id)s order by seq
