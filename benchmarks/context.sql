-- name: known
-- Whether a user was loaded by an earlier run.
select epoch from recalld.users where tenant_id = %(tenant_id)s and user_id = %(user_id)s

-- name: add_user
-- A new user.
insert into recalld.users (tenant_id, user_id) values (%(tenant_id)s, %(user_id)s)
on conflict (tenant_id, user_id) do update set language = excluded.language returning epoch

-- name: episodes
-- The rows of the user from whom all others are copied.
select episode_id, purpose, timezone, summary, topics, points, digest_by, stems, pieces from recalld.episodes
where tenant_id = %(tenant_id)s and user_id = %(user_id)s order by episode_id

-- name: vectors
-- The same of the vectors.
select episode_id, part, purpose, model, embeddings from recalld.vectors
where tenant_id = %(tenant_id)s and user_id = %(user_id)s order by episode_id, part

-- name: copy_episode
-- One copied episode.
insert into recalld.episodes (tenant_id, user_id, episode_id, epoch, purpose, started_at, ended_at, timezone, summary, topics, points,
                              digest_by, stems, pieces, indexed_at)
values (%(tenant_id)s, %(user_id)s, %(episode_id)s, %(epoch)s, %(purpose)s, %(ended_at)s, %(ended_at)s, %(timezone)s, %(summary)s,
        %(topics)s, %(points)s, %(digest_by)s, %(stems)s, %(pieces)s, now())
on conflict do nothing

-- name: copy_vectors
-- One copied row of vectors.
insert into recalld.vectors (tenant_id, user_id, episode_id, part, epoch, purpose, ended_at, model, embeddings)
values (%(tenant_id)s, %(user_id)s, %(episode_id)s, %(part)s, %(epoch)s, %(purpose)s, %(ended_at)s, %(model)s, %(embeddings)s)
on conflict do nothing
