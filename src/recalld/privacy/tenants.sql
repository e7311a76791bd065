-- name: users
-- Over all users of a tenant, ids only: a page.
select user_id, epoch from recalld.users
where tenant_id = %(tenant_id)s and user_id > %(after)s order by user_id limit %(limit)s

-- name: unfinished
-- Over all users of a tenant, ids only: erasures under way.
select erasure_id from recalld.erasures where tenant_id = %(tenant_id)s and status <> 'verified' order by requested_at, erasure_id

-- name: proven
-- Which of some erasures have a receipt, and which one of their second pass.
select erasure_id, receipt ->> 'swept_at' is not null as swept from recalld.receipts
where tenant_id = %(tenant_id)s and erasure_id = any(%(erasure_ids)s::text[])

-- name: begun
-- Over all users of a tenant, ids only: which of some erasures are under way, of people or of the tenant.
select x.erasure_id from recalld.erasures x where x.tenant_id = %(tenant_id)s and x.erasure_id = any(%(erasure_ids)s::text[])
union all
select r.erasure_id from recalld.tenant_rules r where r.tenant_id = %(tenant_id)s and r.erasure_id = any(%(erasure_ids)s::text[])

-- name: older
-- Over all users of a tenant: whether anybody is older than its erasure.
select user_id from recalld.users where tenant_id = %(tenant_id)s and epoch < %(epoch)s::bigint limit 1

-- name: own_older
-- The same of a tenant's own rows.
select 'key' as what from recalld.api_keys k where k.tenant_id = %(tenant_id)s and k.created_at < %(moment)s::timestamptz
union all
select 'purpose' as what from recalld.purposes p where p.tenant_id = %(tenant_id)s and p.declared_at < %(moment)s::timestamptz
limit 1

-- name: close
-- From now on nothing is written for the tenant. One that is closed already goes on under its id.
insert into recalld.tenant_rules as r (tenant_id, closed_at, erasure_id, sweep_at, keys, receipts_before)
select %(tenant_id)s, now(), %(erasure_id)s, now() + make_interval(secs => %(grace)s::float8), %(keys)s,
       coalesce((select max(p.seq) from recalld.receipts p where p.tenant_id = %(tenant_id)s), 0)
on conflict (tenant_id) do update
set closed_at = coalesce(r.closed_at, excluded.closed_at), erasure_id = coalesce(r.erasure_id, excluded.erasure_id),
    sweep_at = excluded.sweep_at, keys = coalesce(r.keys, 0) + excluded.keys,
    receipts_before = coalesce(r.receipts_before, excluded.receipts_before)

-- name: count
-- How many people there were when it began.
update recalld.tenant_rules set people = coalesce(people, %(people)s) where tenant_id = %(tenant_id)s

-- name: not_erased
-- Over all users of a tenant, ids only: a page of those whom its erasure has not reached, for they are older than it, or came in just then.
select u.user_id from recalld.users u
where u.tenant_id = %(tenant_id)s and u.user_id > %(after)s
  and (u.epoch < %(closed)s::bigint
       or not exists (select from recalld.erasures x
                      where x.tenant_id = u.tenant_id and x.user_id = u.user_id and x.epoch = u.epoch))
order by u.user_id limit %(limit)s

-- name: left
-- Over all users of a tenant: how many its erasure has not reached, and how many erasures wait.
select (select count(*) from recalld.users u
        where u.tenant_id = %(tenant_id)s
          and (u.epoch < %(closed)s::bigint
               or not exists (select from recalld.erasures x
                              where x.tenant_id = u.tenant_id and x.user_id = u.user_id and x.epoch = u.epoch))) as people,
       (select count(*) from recalld.erasures x where x.tenant_id = %(tenant_id)s and x.status <> 'verified') as unfinished

-- name: layers
-- What the receipts of people add up to, from one of the chain on: first ones only, second passes tell the same again.
select l.key as layer, sum((l.value ->> 'before')::bigint)::bigint as before, sum((l.value ->> 'deleted')::bigint)::bigint as deleted,
       max((l.value ->> 'attempts')::integer) as attempts
from recalld.receipts r, jsonb_each(r.receipt -> 'layers') l
where r.tenant_id = %(tenant_id)s and r.seq > %(since)s::bigint and r.erasure_id <> %(own)s and r.receipt ->> 'swept_at' is null
group by l.key order by l.key

-- name: closed
-- Over all tenants: one that is being erased.
select tenant_id, erasure_id, closed_at, (extract(epoch from closed_at) * 1000000)::bigint as epoch, people, keys, receipts_before
from recalld.tenant_rules
where tenant_id = %(tenant_id)s and closed_at is not null

-- name: due
-- Over all tenants: erasures to be looked at again.
select tenant_id, erasure_id, closed_at, (extract(epoch from closed_at) * 1000000)::bigint as epoch, people, keys, receipts_before
from recalld.tenant_rules
where closed_at is not null and sweep_at <= now()

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
