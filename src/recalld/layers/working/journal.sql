-- name: append
-- One statement: fence, session row, messages. No row comes back when the user is unknown, the session is closed or of an older epoch,
-- the place is not the expected one, or the session would grow over its limit; `diagnose` then says which.
with fence as (
    select epoch from recalld.users where tenant_id = %(tenant_id)s and user_id = %(user_id)s for share
), session as (
    insert into recalld.sessions as s (tenant_id, user_id, session_id, epoch, purpose, timezone, state, no_memory,
                                       message_count, started_at, last_message_at, active_at)
    select %(tenant_id)s, %(user_id)s, %(session_id)s, fence.epoch, %(purpose)s, %(timezone)s, 'open', %(no_memory)s,
           %(count)s::int, %(first_at)s::timestamptz, %(last_at)s::timestamptz, now()
    from fence
    where coalesce(%(first_seq)s::int, 0) = 0
       or exists (select 1 from recalld.sessions
                  where tenant_id = %(tenant_id)s and user_id = %(user_id)s and session_id = %(session_id)s)
    on conflict (tenant_id, user_id, session_id) do update
        set message_count = s.message_count + excluded.message_count,
            started_at = least(s.started_at, excluded.started_at),
            last_message_at = greatest(s.last_message_at, excluded.last_message_at),
            active_at = excluded.active_at
        where s.state = 'open' and s.epoch = excluded.epoch
          and s.message_count + excluded.message_count <= %(limit)s::int
          and s.message_count = coalesce(%(first_seq)s::int, s.message_count)
    returning epoch, purpose, no_memory, message_count - %(count)s::int as first_seq
), journal as (
    insert into recalld.messages (tenant_id, user_id, session_id, seq, epoch, role, name, content, at)
    select %(tenant_id)s, %(user_id)s, %(session_id)s, session.first_seq + m.place - 1, session.epoch, m.role, m.name, m.content, m.at
    from session,
         unnest(%(roles)s::text[], %(names)s::text[], %(contents)s::text[], %(times)s::timestamptz[])
            with ordinality as m (role, name, content, at, place)
    where not session.no_memory
    returning 1
)
select session.* from session

-- name: add_user
-- A user exists from the first write on.
insert into recalld.users (tenant_id, user_id) values (%(tenant_id)s, %(user_id)s)
on conflict (tenant_id, user_id) do nothing

-- name: fence
-- The user's epoch, held against an erasure until this transaction ends.
select epoch from recalld.users where tenant_id = %(tenant_id)s and user_id = %(user_id)s for share

-- name: epoch
-- The user's epoch, for reads.
select epoch from recalld.users where tenant_id = %(tenant_id)s and user_id = %(user_id)s

-- name: lock_user
-- The user's row for a merge: one at a time per user, which keeps order without locks in the queue.
select epoch, facts_version, episodes_version, language from recalld.users
where tenant_id = %(tenant_id)s and user_id = %(user_id)s for update

-- name: touch_user
-- New versions for what changed: they key the cached bundle.
update recalld.users set facts_version = facts_version + %(facts)s::int, episodes_version = episodes_version + %(episodes)s::int
where tenant_id = %(tenant_id)s and user_id = %(user_id)s

-- name: session
-- One session of the current epoch.
select s.* from recalld.sessions s
join recalld.users u on u.tenant_id = s.tenant_id and u.user_id = s.user_id and u.epoch = s.epoch
where s.tenant_id = %(tenant_id)s and s.user_id = %(user_id)s and s.session_id = %(session_id)s
  and u.tenant_id = %(tenant_id)s and u.user_id = %(user_id)s

-- name: sessions
-- Sessions of the current epoch, newest first.
select s.* from recalld.sessions s
join recalld.users u on u.tenant_id = s.tenant_id and u.user_id = s.user_id and u.epoch = s.epoch
where s.tenant_id = %(tenant_id)s and s.user_id = %(user_id)s
  and u.tenant_id = %(tenant_id)s and u.user_id = %(user_id)s
  and (%(state)s::text is null or s.state = %(state)s::text)
order by s.last_message_at desc, s.session_id
limit %(limit)s

-- name: messages
-- The journal of a session, oldest first.
select role, content, at, name from recalld.messages
where tenant_id = %(tenant_id)s and user_id = %(user_id)s and session_id = %(session_id)s and epoch = %(epoch)s
order by seq

-- name: set_state
-- The working state of an open session.
update recalld.sessions set working = %(state)s::jsonb, active_at = now()
where tenant_id = %(tenant_id)s and user_id = %(user_id)s and session_id = %(session_id)s
  and epoch = %(epoch)s and state = 'open'

-- name: end_session
-- Closes an open session. A lease, when given, keeps the queue away while the caller ingests it itself.
update recalld.sessions
set state = 'ended', ended_at = greatest(%(ended_at)s::timestamptz, last_message_at), active_at = now(), working = '{}',
    claimed_until = now() + make_interval(secs => %(lease)s::float8), attempts = %(attempts)s::int
where tenant_id = %(tenant_id)s and user_id = %(user_id)s and session_id = %(session_id)s
  and epoch = %(epoch)s and state = 'open'
returning *

-- name: claim
-- Takes an ended session for ingestion, unless somebody holds it or it waits for its next try.
update recalld.sessions
set claimed_until = now() + make_interval(secs => %(lease)s::float8), attempts = attempts + 1
where tenant_id = %(tenant_id)s and user_id = %(user_id)s and session_id = %(session_id)s and epoch = %(epoch)s and state = 'ended'
  and (claimed_until is null or claimed_until < now()) and (retry_at is null or retry_at <= now())
returning *

-- name: lock_ended
-- The session of a merge; no row when another worker was faster.
select * from recalld.sessions
where tenant_id = %(tenant_id)s and user_id = %(user_id)s and session_id = %(session_id)s and epoch = %(epoch)s and state = 'ended'
for update

-- name: finish
-- The session is ingested.
update recalld.sessions
set state = 'ingested', claimed_until = null, retry_at = null, error = null, episode_id = %(episode_id)s, report = %(report)s::jsonb
where tenant_id = %(tenant_id)s and user_id = %(user_id)s and session_id = %(session_id)s

-- name: postpone
-- An ingestion failed: the next try, or none any more.
update recalld.sessions
set state = case when attempts >= %(max_attempts)s::int then 'failed' else 'ended' end,
    claimed_until = null, retry_at = now() + make_interval(secs => %(delay)s::float8), error = %(error)s
where tenant_id = %(tenant_id)s and user_id = %(user_id)s and session_id = %(session_id)s and epoch = %(epoch)s and state = 'ended'
returning state

-- name: replay
-- Gives a failed session all its attempts again.
update recalld.sessions set state = 'ended', attempts = 0, claimed_until = null, retry_at = null, error = null
where tenant_id = %(tenant_id)s and user_id = %(user_id)s and session_id = %(session_id)s and epoch = %(epoch)s and state = 'failed'
returning session_id

-- name: delete_messages
-- The journal of a session goes when it has been ingested.
delete from recalld.messages where tenant_id = %(tenant_id)s and user_id = %(user_id)s and session_id = %(session_id)s

-- name: delete_session
-- The row of a session that leaves nothing behind, or was deleted.
delete from recalld.sessions where tenant_id = %(tenant_id)s and user_id = %(user_id)s and session_id = %(session_id)s

-- name: sweep_ended
-- Over all users, states only: sessions that wait for ingestion and that nobody holds.
select tenant_id, user_id, session_id, epoch from recalld.sessions
where state = 'ended' and active_at < now() - make_interval(secs => %(grace)s::float8)
  and (claimed_until is null or claimed_until < now()) and (retry_at is null or retry_at <= now())
order by active_at limit %(limit)s

-- name: sweep_idle
-- Over all users, states only: open sessions in which nothing was said for a while.
select tenant_id, user_id, session_id, epoch, last_message_at from recalld.sessions
where state = 'open' and active_at < now() - make_interval(secs => %(idle)s::float8)
order by active_at limit %(limit)s

-- name: backlog
-- Over all users, counts only: how many sessions wait, how many failed, and since when the oldest waits.
select count(*) filter (where state = 'ended') as waiting, count(*) filter (where state = 'failed') as failed,
       extract(epoch from now() - min(active_at) filter (where state = 'ended'))::float8 as oldest_seconds
from recalld.sessions where state in ('ended', 'failed')

-- name: count_open
-- Over all users of a tenant, a count only: sessions that are open.
select count(*) as open from recalld.sessions where tenant_id = %(of_tenant)s and state = 'open'

-- name: failed
-- Over all users, states only: sessions whose last attempt failed.
select tenant_id, user_id, session_id, epoch, attempts, error, ended_at from recalld.sessions
where state = 'failed' order by active_at desc limit %(limit)s
