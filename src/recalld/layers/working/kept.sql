-- name: keep
-- The journal stays for a while, where the tenant wants that; no row: it does not.
update recalld.sessions
set kept_at = now(), retry_at = now() + make_interval(secs => %(wait)s::float8)
where tenant_id = %(tenant_id)s and user_id = %(user_id)s and session_id = %(session_id)s
  and exists (select from recalld.tenant_rules r
              where r.tenant_id = %(tenant_id)s and r.keep_journal_days is not null and r.closed_at is null)
returning session_id

-- name: claim
-- Takes a session to be digested again, unless somebody holds it, it waits for its next try, or its days are over.
update recalld.sessions
set claimed_until = now() + make_interval(secs => %(lease)s::float8), attempts = attempts + 1
where tenant_id = %(tenant_id)s and user_id = %(user_id)s and session_id = %(session_id)s and epoch = %(epoch)s
  and (claimed_until is null or claimed_until < now()) and (retry_at <= now() or %(early)s::boolean)
  and kept_at > (select now() - make_interval(days => r.keep_journal_days) from recalld.tenant_rules r
                 where r.tenant_id = %(tenant_id)s and r.closed_at is null)
returning *

-- name: lock
-- The session whose digest is to be replaced; no row when it was deleted, moved to another purpose, or is not kept any more.
select session_id from recalld.sessions
where tenant_id = %(tenant_id)s and user_id = %(user_id)s and session_id = %(session_id)s and epoch = %(epoch)s
  and purpose = %(purpose)s and kept_at is not null
for update

-- name: postpone
-- The model could not: the next try.
update recalld.sessions set claimed_until = null, retry_at = now() + make_interval(secs => %(delay)s::float8)
where tenant_id = %(tenant_id)s and user_id = %(user_id)s and session_id = %(session_id)s and epoch = %(epoch)s and kept_at is not null

-- name: let_go
-- Kept journals of some sessions, of the sessions of some episodes, or all of the user's.
with released as (
    update recalld.sessions set kept_at = null, claimed_until = null, retry_at = null
    where tenant_id = %(tenant_id)s and user_id = %(user_id)s and kept_at is not null
      and (%(session_ids)s::text[] is null or session_id = any(%(session_ids)s::text[]))
      and (%(episode_ids)s::text[] is null or episode_id = any(%(episode_ids)s::text[]))
    returning session_id
), gone as (
    delete from recalld.messages
    where tenant_id = %(tenant_id)s and user_id = %(user_id)s and session_id in (select released.session_id from released)
)
select count(*) as sessions from released

-- name: let_go_lapsed
-- Those whose days are over, unless one is just being digested again. What a legal hold keeps is of another epoch.
with released as (
    update recalld.sessions set kept_at = null, claimed_until = null, retry_at = null
    where tenant_id = %(tenant_id)s and user_id = %(user_id)s and epoch = %(epoch)s
      and (claimed_until is null or claimed_until < now())
      and kept_at < coalesce((select now() - make_interval(days => r.keep_journal_days) from recalld.tenant_rules r
                              where r.tenant_id = %(tenant_id)s), 'infinity')
    returning session_id
), gone as (
    delete from recalld.messages
    where tenant_id = %(tenant_id)s and user_id = %(user_id)s and session_id in (select released.session_id from released)
)
select count(*) as sessions from released

-- name: sweep_due
-- Over all users, states only: kept sessions that the model may be asked about now.
select s.tenant_id, s.user_id, s.session_id, s.epoch from recalld.sessions s
join recalld.users u on u.tenant_id = s.tenant_id and u.user_id = s.user_id and u.epoch = s.epoch
join recalld.tenant_rules r on r.tenant_id = s.tenant_id
where s.kept_at > now() - make_interval(days => r.keep_journal_days) and r.closed_at is null
  and (s.claimed_until is null or s.claimed_until < now()) and (s.retry_at <= now() or %(early)s::boolean)
order by s.retry_at, s.session_id limit %(limit)s

-- name: sweep_lapsed
-- Over all users, states only: who has kept journals whose days are over.
select distinct s.tenant_id, s.user_id from recalld.sessions s
join recalld.users u on u.tenant_id = s.tenant_id and u.user_id = s.user_id and u.epoch = s.epoch
left join recalld.tenant_rules r on r.tenant_id = s.tenant_id
where s.kept_at is not null and (s.claimed_until is null or s.claimed_until < now())
  and (r.keep_journal_days is null or s.kept_at < now() - make_interval(days => r.keep_journal_days))
limit %(limit)s

-- name: count
-- Over all users, counts only: how many journals are kept, and since when the oldest is.
select count(*) as sessions, min(s.kept_at) as oldest from recalld.sessions s where s.kept_at is not null
