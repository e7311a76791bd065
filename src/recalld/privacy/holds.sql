-- name: lock_user
-- The user's row, held against writers.
select epoch from recalld.users where tenant_id = %(tenant_id)s and user_id = %(user_id)s for update

-- name: hold
-- The hold on a person.
select epoch, reason, placed_at from recalld.holds where tenant_id = %(tenant_id)s and user_id = %(user_id)s

-- name: place
-- A hold.
insert into recalld.holds (tenant_id, user_id, epoch, reason, placed_at)
values (%(tenant_id)s, %(user_id)s, %(epoch)s, %(reason)s, %(placed_at)s)

-- name: restrict
-- The person goes on under a new epoch, under which there is nothing.
update recalld.users set epoch = greatest(epoch + 1, (extract(epoch from now()) * 1000000)::bigint)
where tenant_id = %(tenant_id)s and user_id = %(user_id)s

-- name: release
-- The end of a hold.
delete from recalld.holds where tenant_id = %(tenant_id)s and user_id = %(user_id)s
returning epoch

-- name: erase_now
-- An erasure that waited for the end of the hold.
update recalld.erasures set retry_at = now()
where tenant_id = %(tenant_id)s and user_id = %(user_id)s and status <> 'verified'
returning erasure_id

-- name: restore
-- The person has again what was held; nothing was written meanwhile.
update recalld.users set epoch = %(epoch)s, facts_version = facts_version + 1, episodes_version = episodes_version + 1
where tenant_id = %(tenant_id)s and user_id = %(user_id)s
