-- name: note
-- Episodes that leave, and that the index has yet to forget.
insert into recalld.removals (tenant_id, user_id, episode_id, epoch)
select %(tenant_id)s, %(user_id)s, gone.episode_id, %(epoch)s::bigint from unnest(%(episode_ids)s::text[]) gone (episode_id)
on conflict (tenant_id, user_id, episode_id) do nothing

-- name: due
-- Over all users, ids only: what the index has yet to forget.
select tenant_id, user_id, episode_id from recalld.removals order by tenant_id, user_id, episode_id limit %(limit)s

-- name: done
-- The index has forgotten them.
delete from recalld.removals
where tenant_id = %(tenant_id)s and user_id = %(user_id)s and episode_id = any(%(episode_ids)s::text[])

-- name: bring_again
-- Those that came back in between, whose new vectors may just have been removed: to the outbox.
update recalld.episodes set indexed_at = null
where tenant_id = %(tenant_id)s and user_id = %(user_id)s and episode_id = any(%(episode_ids)s::text[])
