-- name: insert
-- An episode with its stems. Delivered again, it changes nothing; one of an older epoch, which an erasure has yet to remove, gives way.
with config as (
    select coalesce((select c.oid from pg_catalog.pg_ts_config c
                     where c.cfgname = lower(%(language)s) and c.cfgnamespace = 'pg_catalog'::regnamespace),
                    'pg_catalog.simple'::regconfig::oid)::regconfig as name
), stem as (
    select sha256(convert_to(w.lexeme, 'UTF8')) as hash,
           least(cardinality(array_positions(w.weights, 'A')), 3) as in_summary,
           least(cardinality(array_positions(w.weights, 'B')), 3) as in_points
    from config, unnest(setweight(to_tsvector(config.name, %(summary_words)s), 'A')
                        || setweight(to_tsvector(config.name, %(point_words)s), 'B')) w
)
insert into recalld.episodes as e (tenant_id, user_id, episode_id, epoch, session_id, purpose, started_at, ended_at, timezone, summary,
                                   topics, points, digest_by, stems, pieces, indexed_at)
select %(tenant_id)s, %(user_id)s, %(episode_id)s, %(epoch)s::bigint, %(session_id)s, %(purpose)s, %(started_at)s::timestamptz,
       %(ended_at)s::timestamptz, %(timezone)s, %(summary)s, %(topics)s::text[], %(points)s::text[], %(digest_by)s,
       (select coalesce(string_agg(set_byte(substring(hash for 4), 0, (get_byte(hash, 0) & 240) | (in_summary << 2) | in_points), ''), '')
        from stem),
       %(pieces)s,
       case when %(indexed)s then now() end
on conflict (tenant_id, user_id, episode_id) do update
set epoch = excluded.epoch, session_id = excluded.session_id, purpose = excluded.purpose, started_at = excluded.started_at,
    ended_at = excluded.ended_at, timezone = excluded.timezone, summary = excluded.summary, topics = excluded.topics,
    points = excluded.points, digest_by = excluded.digest_by, stems = excluded.stems, pieces = excluded.pieces,
    indexed_at = excluded.indexed_at
where e.epoch < excluded.epoch
returning episode_id

-- name: get
-- Episodes by their ids.
select episode_id, session_id, purpose, summary, topics, points, started_at, ended_at, timezone, digest_by
from recalld.episodes
where tenant_id = %(tenant_id)s and user_id = %(user_id)s and epoch = %(epoch)s and episode_id = any(%(episode_ids)s::text[])

-- name: page
-- Episodes that took place in a range, newest first, after the one the page before ended with.
select episode_id, session_id, purpose, summary, topics, points, started_at, ended_at, timezone, digest_by
from recalld.episodes e
where tenant_id = %(tenant_id)s and user_id = %(user_id)s and epoch = %(epoch)s
  and (%(since)s::timestamptz is null or ended_at >= %(since)s::timestamptz)
  and (%(until)s::timestamptz is null or started_at < %(until)s::timestamptz)
  and (%(before)s::text is null or (ended_at, episode_id) < (
        select l.ended_at, l.episode_id from recalld.episodes l
        where l.tenant_id = %(tenant_id)s and l.user_id = %(user_id)s and l.epoch = %(epoch)s and l.episode_id = %(before)s::text))
order by ended_at desc, episode_id desc
limit %(limit)s

-- name: delete
-- Episodes by their ids, of every epoch.
delete from recalld.episodes
where tenant_id = %(tenant_id)s and user_id = %(user_id)s and episode_id = any(%(episode_ids)s::text[])

-- name: mark_indexed
-- An external vector index has them with these purposes; what has another one by now waits in the outbox again.
update recalld.episodes e set indexed_at = case when e.purpose = w.purpose then now() end
from unnest(%(episode_ids)s::text[], %(purposes)s::text[]) as w (episode_id, purpose)
where e.tenant_id = %(tenant_id)s and e.user_id = %(user_id)s and e.epoch = %(epoch)s and e.episode_id = w.episode_id

-- name: overview
-- All that search ranks by, in one statement: the user's row, the stems of the query's words with their hashes (a stop word has none, a
-- compound may have several), and the catalogue: of all episodes that the purposes allow ids, times, whether they carry one of the topics,
-- stems and pieces, each packed into one value. Whoever holds the catalogue of this epoch and version gets none. No row for an unknown user.
with scope as (
    select epoch, facts_version, episodes_version,
           (epoch, episodes_version) is not distinct from (%(known_epoch)s::bigint, %(known_version)s::bigint) as known,
           coalesce((select c.oid from pg_catalog.pg_ts_config c
                     where c.cfgname = lower(language) and c.cfgnamespace = 'pg_catalog'::regnamespace),
                    'pg_catalog.simple'::regconfig::oid)::regconfig as config
    from recalld.users where tenant_id = %(tenant_id)s and user_id = %(user_id)s
), query as (
    select string_agg(w.word, E'\n') as query_words,
           string_agg(substring(sha256(convert_to(s.lexeme, 'UTF8')) for 4), '') as query_stems
    from scope, unnest(%(words)s::text[]) w (word), unnest(to_tsvector(scope.config, w.word)) s
), catalogue as (
    select string_agg(episode_id, E'\n') as ids,
           string_agg(timestamptz_send(started_at), '') as started,
           string_agg(timestamptz_send(ended_at), '') as ended,
           string_agg(case when cardinality(%(topics)s::text[]) = 0
                             or exists (select from unnest(topics) t (topic) where lower(t.topic) = any(%(topics)s::text[]))
                           then '\x01'::bytea else '\x00'::bytea end, '') as on_topic,
           string_agg(int4send(octet_length(stems)), '') as sizes,
           string_agg(stems, '') as stems,
           string_agg(int4send(octet_length(pieces)), '') as piece_sizes,
           string_agg(pieces, '') as pieces
    from recalld.episodes
    where tenant_id = %(tenant_id)s and user_id = %(user_id)s and epoch = (select epoch from scope)
      and purpose = any(%(purposes)s::text[]) and not (select known from scope)
)
select scope.epoch, scope.facts_version, scope.episodes_version, scope.known, query.*, catalogue.* from scope, query, catalogue
