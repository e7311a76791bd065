-- name: find
-- Keys by their ids, before the tenant is known: for the gate alone.
select tenant_id, key_id, secret_hash, label, scopes, bound_user_id, purposes, created_at, expires_at, revoked_at
from recalld.api_keys where key_id = any(%(key_ids)s::text[])

-- name: insert
insert into recalld.api_keys (tenant_id, key_id, secret_hash, label, scopes, bound_user_id, purposes, expires_at)
values (%(tenant_id)s, %(key_id)s, %(secret_hash)s, %(label)s, %(scopes)s, %(bound_user_id)s, %(purposes)s, %(expires_at)s)
returning created_at

-- name: list
-- A tenant's keys, newest first; never a secret or its hash.
select tenant_id, key_id, label, scopes, bound_user_id, purposes, created_at, expires_at, revoked_at
from recalld.api_keys where tenant_id = %(tenant_id)s order by created_at desc, key_id

-- name: revoke
update recalld.api_keys set revoked_at = coalesce(revoked_at, %(revoked_at)s::timestamptz)
where tenant_id = %(tenant_id)s and key_id = %(key_id)s
returning key_id

-- name: limit_life
-- The old key of a rotation goes on for a while.
update recalld.api_keys set expires_at = least(expires_at, %(expires_at)s::timestamptz)
where tenant_id = %(tenant_id)s and key_id = %(key_id)s and revoked_at is null
returning label, scopes, bound_user_id, purposes

-- name: tenants
-- Over all tenants, counts only: who has keys, for the operator.
select tenant_id, count(*) filter (where revoked_at is null and (expires_at is null or expires_at > now())) as valid
from recalld.api_keys group by tenant_id order by tenant_id
