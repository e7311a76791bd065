-- name: add_user
-- A user nobody knows is begun first, so that a writer who begins them at the same moment waits or is waited for.
insert into recalld.users (tenant_id, user_id) values (%(tenant_id)s, %(user_id)s)
on conflict (tenant_id, user_id) do nothing

-- name: raise_epoch
-- The fence: from here on every older writer drops its work and every read is empty. Waits for writers that hold the row. The row
-- itself is as if the user were new; its epoch is the clock's, so none that was ever used is used again.
update recalld.users
set epoch = greatest(epoch + 1, (extract(epoch from now()) * 1000000)::bigint), facts_version = 0, episodes_version = 0,
    language = default, created_at = now()
where tenant_id = %(tenant_id)s and user_id = %(user_id)s
returning epoch, now() as requested_at

-- name: begin
-- The erasure itself, committed with the fence and before anything is deleted.
insert into recalld.erasures (tenant_id, user_id, erasure_id, epoch, status, requested_at, retry_at)
values (%(tenant_id)s, %(user_id)s, %(erasure_id)s, %(epoch)s, 'running', %(requested_at)s, now() + make_interval(secs => %(grace)s::float8))

-- name: begin_again
-- An erasure that waits for a layer goes on, up to the new epoch.
update recalld.erasures set epoch = %(epoch)s::bigint, status = 'running', retry_at = now() + make_interval(secs => %(grace)s::float8)
where tenant_id = %(tenant_id)s and user_id = %(user_id)s and status = 'partial'
returning erasure_id, epoch, requested_at, receipt, attempts

-- name: returned
-- Episodes of a person who has returned.
select episode_id from recalld.episodes where tenant_id = %(tenant_id)s and user_id = %(user_id)s and epoch >= %(epoch)s

-- name: held
-- Whether the law keeps what there is.
select true as held from recalld.holds where tenant_id = %(tenant_id)s and user_id = %(user_id)s

-- name: postpone
-- A layer is not empty: the next attempt.
update recalld.erasures
set status = 'partial', receipt = %(receipt)s::jsonb, attempts = attempts + 1, retry_at = now() + make_interval(secs => %(delay)s::float8)
where tenant_id = %(tenant_id)s and user_id = %(user_id)s and erasure_id = %(erasure_id)s and epoch = %(epoch)s::bigint
  and status <> 'verified'

-- name: verify
-- All layers are empty; no row when somebody else was faster.
update recalld.erasures
set status = 'verified', receipt = %(receipt)s::jsonb, verified_at = now(), attempts = 0,
    sweep_at = now() + make_interval(secs => %(sweep)s::float8)
where tenant_id = %(tenant_id)s and user_id = %(user_id)s and erasure_id = %(erasure_id)s and epoch = %(epoch)s::bigint
  and status <> 'verified'
returning erasure_id

-- name: sweep_later
-- The second pass did not get through.
update recalld.erasures set attempts = attempts + 1, sweep_at = now() + make_interval(secs => %(delay)s::float8)
where tenant_id = %(tenant_id)s and user_id = %(user_id)s and erasure_id = %(erasure_id)s and status = 'verified'

-- name: end
-- The second pass is through; no row when somebody else was faster.
delete from recalld.erasures
where tenant_id = %(tenant_id)s and user_id = %(user_id)s and erasure_id = %(erasure_id)s and status = 'verified'
returning erasure_id

-- name: lock_user
-- The user's row, held against writers; none when it is of another epoch.
select epoch from recalld.users where tenant_id = %(tenant_id)s and user_id = %(user_id)s and epoch = %(epoch)s for update

-- name: remove_user
-- The row of a user who has not returned.
delete from recalld.users u
where u.tenant_id = %(tenant_id)s and u.user_id = %(user_id)s and u.epoch = %(epoch)s
  and not exists (select from recalld.sessions s where s.tenant_id = %(tenant_id)s and s.user_id = %(user_id)s)
  and not exists (select from recalld.statements t where t.tenant_id = %(tenant_id)s and t.user_id = %(user_id)s)
  and not exists (select from recalld.facts f where f.tenant_id = %(tenant_id)s and f.user_id = %(user_id)s)
  and not exists (select from recalld.episodes e where e.tenant_id = %(tenant_id)s and e.user_id = %(user_id)s)
  and not exists (select from recalld.consents c where c.tenant_id = %(tenant_id)s and c.user_id = %(user_id)s)
  and not exists (select from recalld.usage g where g.tenant_id = %(tenant_id)s and g.user_id = %(user_id)s)
  and not exists (select from recalld.requests r where r.tenant_id = %(tenant_id)s and r.user_id = %(user_id)s)
  and not exists (select from recalld.erasures x where x.tenant_id = %(tenant_id)s and x.user_id = %(user_id)s)

-- name: find
-- Over all users, states only: one erasure of a tenant.
select tenant_id, user_id, erasure_id, epoch, status, requested_at, attempts, receipt from recalld.erasures
where tenant_id = %(tenant_id)s and erasure_id = %(erasure_id)s

-- name: due
-- Over all users, states only: erasures to be tried again, and second passes.
select tenant_id, user_id, erasure_id, epoch, status, requested_at, attempts, receipt from recalld.erasures
where (status <> 'verified' and retry_at <= now()) or (status = 'verified' and sweep_at <= now())
order by requested_at limit %(limit)s

-- name: delete_sessions
delete from recalld.sessions where tenant_id = %(tenant_id)s and user_id = %(user_id)s and epoch < %(epoch)s

-- name: delete_messages
delete from recalld.messages where tenant_id = %(tenant_id)s and user_id = %(user_id)s and epoch < %(epoch)s

-- name: delete_statements
delete from recalld.statements where tenant_id = %(tenant_id)s and user_id = %(user_id)s and epoch < %(epoch)s

-- name: delete_facts
delete from recalld.facts where tenant_id = %(tenant_id)s and user_id = %(user_id)s and epoch < %(epoch)s

-- name: delete_episodes
delete from recalld.episodes where tenant_id = %(tenant_id)s and user_id = %(user_id)s and epoch < %(epoch)s

-- name: delete_vectors
delete from recalld.vectors where tenant_id = %(tenant_id)s and user_id = %(user_id)s and epoch < %(epoch)s

-- name: delete_usage
-- What the user's model calls took; the tenant's sums stay.
delete from recalld.usage where tenant_id = %(tenant_id)s and user_id = %(user_id)s and epoch < %(epoch)s

-- name: delete_requests
delete from recalld.requests where tenant_id = %(tenant_id)s and user_id = %(user_id)s and epoch < %(epoch)s

-- name: delete_consents
delete from recalld.consents where tenant_id = %(tenant_id)s and user_id = %(user_id)s and epoch < %(epoch)s

-- name: delete_removals
delete from recalld.removals where tenant_id = %(tenant_id)s and user_id = %(user_id)s and epoch < %(epoch)s

-- name: delete_jobs
-- Jobs of the queue carry ids and the epoch. One that runs finds the fence and is removed by its worker, or by the second pass.
delete from recalld_jobs.procrastinate_jobs
where args ->> 'tenant_id' = %(tenant_id)s and args ->> 'user_id' = %(user_id)s and (args ->> 'epoch')::bigint < %(epoch)s::bigint
  and (status <> 'doing' or %(running)s)
