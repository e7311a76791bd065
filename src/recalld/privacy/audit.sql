-- name: last
-- The end of the tenant's chain.
select seq, hash from recalld.audit where tenant_id = %(tenant_id)s order by seq desc limit 1

-- name: insert
-- The next of the chain; another writer may have been faster.
insert into recalld.audit (tenant_id, seq, at, actor, action, subject, purposes, count, request_id, previous, hash)
values (%(tenant_id)s, %(seq)s, %(at)s, %(actor)s, %(action)s, %(subject)s, %(purposes)s, %(count)s, %(request_id)s, %(previous)s,
        %(hash)s)
on conflict (tenant_id, seq) do nothing

-- name: insert_many
-- The next ones after one that was won, as JSON: their places are free until the transaction ends.
insert into recalld.audit (tenant_id, seq, at, actor, action, subject, purposes, count, request_id, previous, hash)
select %(tenant_id)s, e.seq, e.at, e.actor, e.action, e.subject, e.purposes, e.count, e.request_id, e.previous, e.hash
from jsonb_to_recordset(%(events)s::jsonb) as e (
    seq bigint, at timestamptz, actor text, action text, subject text, purposes text[], count bigint, request_id text, previous text,
    hash text)

-- name: events
-- A page of the chain.
select seq, at, actor, action, subject, purposes, count, request_id, previous, hash from recalld.audit
where tenant_id = %(tenant_id)s and seq > %(after)s::bigint
order by seq limit %(limit)s::int

-- name: about
-- A page of what was done with one person's memory since it began, or of some of it; of an unknown person, nothing.
select a.seq, a.at, a.actor, a.action, a.subject, a.purposes, a.count, a.request_id, a.previous, a.hash
from recalld.audit a
join recalld.users u on u.tenant_id = %(tenant_id)s and u.user_id = %(user_id)s and u.created_at <= a.at
where a.tenant_id = %(tenant_id)s and a.subject = %(subject)s and u.tenant_id = %(tenant_id)s and u.user_id = %(user_id)s
  and a.seq > %(after)s::bigint and (%(actions)s::text[] is null or a.action = any(%(actions)s::text[]))
order by a.seq limit %(limit)s::int
