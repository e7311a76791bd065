-- name: known
-- The answer that was given under this key, and the fingerprint of what was asked; of the current epoch.
select r.request_hash, r.answer from recalld.requests r
join recalld.users u on u.tenant_id = r.tenant_id and u.user_id = r.user_id and u.epoch = r.epoch
where r.tenant_id = %(tenant_id)s and r.user_id = %(user_id)s and r.request_key = %(request_key)s
  and u.tenant_id = %(tenant_id)s and u.user_id = %(user_id)s

-- name: keep
-- Two calls at once under one key: the second one waits here for the first, and fails.
insert into recalld.requests (tenant_id, user_id, request_key, epoch, request_hash, answer)
values (%(tenant_id)s, %(user_id)s, %(request_key)s, %(epoch)s, %(request_hash)s, %(answer)s::jsonb)

-- name: keep_once
-- For a step that may be repeated without harm: the first answer stays.
insert into recalld.requests (tenant_id, user_id, request_key, epoch, request_hash, answer)
values (%(tenant_id)s, %(user_id)s, %(request_key)s, %(epoch)s, %(request_hash)s, %(answer)s::jsonb)
on conflict (tenant_id, user_id, request_key) do nothing

-- name: sweep_old
-- Over all users, ids only: whose answers are older than a day.
select distinct tenant_id, user_id from recalld.requests where created_at < now() - interval '1 day' limit %(limit)s

-- name: delete_old
-- A caller that repeats itself does so within a day.
delete from recalld.requests
where tenant_id = %(tenant_id)s and user_id = %(user_id)s and created_at < now() - interval '1 day'
