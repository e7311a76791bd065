-- name: users
-- The next users in order, as the sweeper; of one tenant or of all.
select tenant_id, user_id, epoch from recalld.users
where (tenant_id, user_id) > (%(after_tenant)s, %(after_user)s) and tenant_id = coalesce(%(of_tenant)s, tenant_id)
order by tenant_id, user_id limit %(limit)s

-- name: count_users
-- How many users there are, of one tenant or of all.
select count(*) as users from recalld.users where tenant_id = coalesce(%(of_tenant)s, tenant_id)

-- name: missing
-- Episodes without vectors of the model, newest first.
select e.episode_id from recalld.episodes e
where e.tenant_id = %(tenant_id)s and e.user_id = %(user_id)s and e.epoch = %(epoch)s
  and not exists (select from recalld.vectors v
                  where v.tenant_id = %(tenant_id)s and v.user_id = %(user_id)s and v.episode_id = e.episode_id and v.model = %(model)s)
order by e.ended_at desc, e.episode_id limit %(limit)s
