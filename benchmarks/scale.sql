-- name: keep_episodes
-- The rows that all others are copied from.
create table scale_episodes as
select row_number() over (order by episode_id) - 1 as place, * from recalld.episodes where user_id = 'template'

-- name: keep_vectors
create table scale_vectors as
select e.place, v.* from recalld.vectors v join scale_episodes e using (tenant_id, user_id, episode_id)

-- name: keep_facts
create table scale_facts as select * from recalld.facts where user_id = 'template'

-- name: users
insert into recalld.users (tenant_id, user_id, facts_version, episodes_version)
select 'bench', 'user-' || lpad(n::text, 8, '0'), 1, 1 from generate_series(%(first)s::int, %(last)s::int) n

-- name: episodes
-- One round: so many episodes for each user of the range. Rounds leave a user's rows scattered, as sessions over months do.
insert into recalld.episodes (tenant_id, user_id, episode_id, epoch, purpose, started_at, ended_at, timezone, summary, topics, points,
                              digest_by, stems, pieces, indexed_at)
select u.tenant_id, u.user_id, 'session-' || lpad(e::text, 5, '0'), u.epoch, t.purpose,
       %(now)s::timestamptz - make_interval(days => 9 * (e + 1)), %(now)s::timestamptz - make_interval(days => 9 * (e + 1)),
       t.timezone, t.summary, t.topics, t.points, t.digest_by, t.stems, t.pieces, now()
from generate_series(%(first)s::int, %(last)s::int) n
join recalld.users u on u.tenant_id = 'bench' and u.user_id = 'user-' || lpad(n::text, 8, '0')
cross join generate_series(%(from)s::int, %(to)s::int) e
join scale_episodes t on t.place = (n::bigint * 7919 + e * 104729) %% %(templates)s::int
order by n, e

-- name: vectors
insert into recalld.vectors (tenant_id, user_id, episode_id, part, epoch, purpose, ended_at, model, embeddings)
select u.tenant_id, u.user_id, 'session-' || lpad(e::text, 5, '0'), t.part, u.epoch, t.purpose,
       %(now)s::timestamptz - make_interval(days => 9 * (e + 1)), t.model, t.embeddings
from generate_series(%(first)s::int, %(last)s::int) n
join recalld.users u on u.tenant_id = 'bench' and u.user_id = 'user-' || lpad(n::text, 8, '0')
cross join generate_series(%(from)s::int, %(to)s::int) e
join scale_vectors t on t.place = (n::bigint * 7919 + e * 104729) %% %(templates)s::int
order by n, e, t.part

-- name: facts
insert into recalld.facts (tenant_id, user_id, fact_id, version, epoch, attribute, value, text, purpose, cardinality, status, valid_from,
                           valid_to, recorded_at, retired_at, confirmed_at, confirmations, confidence, origin, quote)
select u.tenant_id, u.user_id, t.fact_id, t.version, u.epoch, t.attribute, t.value, t.text, t.purpose, t.cardinality, t.status, t.valid_from,
       t.valid_to, t.recorded_at, t.retired_at, t.confirmed_at, t.confirmations, t.confidence, t.origin, t.quote
from generate_series(%(first)s::int, %(last)s::int) n
join recalld.users u on u.tenant_id = 'bench' and u.user_id = 'user-' || lpad(n::text, 8, '0')
cross join scale_facts t
order by n

-- name: sizes
-- Bytes of each table, with its indexes apart.
select c.relname as name, pg_table_size(c.oid) as rows_bytes, pg_indexes_size(c.oid) as index_bytes
from pg_class c where c.relnamespace = 'recalld'::regnamespace and c.relkind = 'r'
  and c.relname in ('users', 'episodes', 'vectors', 'facts')
order by c.relname
