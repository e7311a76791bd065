-- name: outbox
-- Over all users, ids only: episodes that an index outside PostgreSQL still has to get.
select tenant_id, user_id, episode_id, epoch from recalld.episodes
where indexed_at is null
order by tenant_id, user_id, episode_id limit %(limit)s

-- name: users
-- Over all users, ids only: the next ones in order, of one tenant or of all.
select tenant_id, user_id, epoch from recalld.users
where (tenant_id, user_id) > (%(after_tenant)s, %(after_user)s) and tenant_id = coalesce(%(of_tenant)s, tenant_id)
order by tenant_id, user_id limit %(limit)s

-- name: episodes
-- All episodes of the user's current epoch, and whether they wait in the outbox.
select e.episode_id, e.indexed_at is not null as indexed from recalld.episodes e
join recalld.users u on u.tenant_id = e.tenant_id and u.user_id = e.user_id and u.epoch = e.epoch
where e.tenant_id = %(tenant_id)s and e.user_id = %(user_id)s
  and u.tenant_id = %(tenant_id)s and u.user_id = %(user_id)s
