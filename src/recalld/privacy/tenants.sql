-- name: users
-- Over all users of a tenant, ids only: a page.
select user_id, epoch from recalld.users
where tenant_id = %(tenant_id)s and user_id > %(after)s order by user_id limit %(limit)s

-- name: unfinished
-- Over all users of a tenant, ids only: erasures under way.
select erasure_id from recalld.erasures where tenant_id = %(tenant_id)s and status <> 'verified' order by requested_at, erasure_id

-- name: close
-- From now on nothing is written for the tenant. One that is closed already goes on under its id.
insert into recalld.tenant_rules as r (tenant_id, closed_at, erasure_id, sweep_at)
values (%(tenant_id)s, now(), %(erasure_id)s, now() + make_interval(secs => %(sweep)s::float8))
on conflict (tenant_id) do update
set closed_at = excluded.closed_at, erasure_id = coalesce(r.erasure_id, excluded.erasure_id), sweep_at = excluded.sweep_at
returning erasure_id

-- name: due
-- Over all tenants: erasures to be looked at again.
select tenant_id, erasure_id, closed_at from recalld.tenant_rules where closed_at is not null and sweep_at <= now()

-- name: look_again
update recalld.tenant_rules set sweep_at = now() + make_interval(secs => %(delay)s::float8)
where tenant_id = %(tenant_id)s

-- name: reopen
-- The tenant is erased, and may begin anew.
delete from recalld.tenant_rules where tenant_id = %(tenant_id)s

-- name: delete_purposes
delete from recalld.purposes where tenant_id = %(tenant_id)s

-- name: delete_tenant_usage
delete from recalld.tenant_usage where tenant_id = %(tenant_id)s

-- name: delete_api_keys
delete from recalld.api_keys where tenant_id = %(tenant_id)s
