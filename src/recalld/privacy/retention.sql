-- name: rules
-- Over all tenants: who erases inactive people, and after how long.
select tenant_id, inactive_days from recalld.tenant_rules where inactive_days is not null and closed_at is null order by tenant_id

-- name: limits
-- Over all tenants: how long what is kept.
select tenant_id, purpose, facts_days, episodes_days from recalld.purposes
where facts_days is not null or episodes_days is not null
order by tenant_id, purpose

-- name: set_inactivity
insert into recalld.tenant_rules (tenant_id, inactive_days) values (%(tenant_id)s, %(days)s)
on conflict (tenant_id) do update set inactive_days = excluded.inactive_days

-- name: set_journal_days
insert into recalld.tenant_rules (tenant_id, keep_journal_days) values (%(tenant_id)s, %(days)s)
on conflict (tenant_id) do update set keep_journal_days = excluded.keep_journal_days

-- name: journal_days
select keep_journal_days from recalld.tenant_rules where tenant_id = %(tenant_id)s

-- name: activity
-- When something was last written about a person, and whether there is a hold.
select greatest(
           u.created_at,
           (select max(s.active_at) from recalld.sessions s
            where s.tenant_id = %(tenant_id)s and s.user_id = %(user_id)s and s.epoch = %(epoch)s),
           (select max(f.recorded_at) from recalld.facts f
            where f.tenant_id = %(tenant_id)s and f.user_id = %(user_id)s and f.epoch = %(epoch)s),
           (select max(e.ended_at) from recalld.episodes e
            where e.tenant_id = %(tenant_id)s and e.user_id = %(user_id)s and e.epoch = %(epoch)s)) as active_at,
       exists (select from recalld.holds h where h.tenant_id = %(tenant_id)s and h.user_id = %(user_id)s) as held
from recalld.users u where u.tenant_id = %(tenant_id)s and u.user_id = %(user_id)s

-- name: old_facts
-- Facts of a purpose whose last confirmation or end lies before a time.
select fact_id, max(greatest(confirmed_at, valid_to)) as last_at from recalld.facts
where tenant_id = %(tenant_id)s and user_id = %(user_id)s and epoch = %(epoch)s and purpose = %(purpose)s
group by fact_id having max(greatest(confirmed_at, valid_to)) < %(before)s::timestamptz
order by last_at, fact_id

-- name: still_there
-- A fact may have gone with another one.
select fact_id from recalld.facts where tenant_id = %(tenant_id)s and user_id = %(user_id)s and fact_id = %(fact_id)s limit 1

-- name: old_episodes
select episode_id from recalld.episodes
where tenant_id = %(tenant_id)s and user_id = %(user_id)s and epoch = %(epoch)s and purpose = %(purpose)s
  and ended_at < %(before)s::timestamptz
order by ended_at, episode_id

-- name: delete_sessions
-- The rows of sessions whose episodes go.
delete from recalld.sessions
where tenant_id = %(tenant_id)s and user_id = %(user_id)s and episode_id = any(%(episode_ids)s::text[]) and state = 'ingested'
