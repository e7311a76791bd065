-- name: attributes
-- Names the user has facts under now.
select distinct attribute from recalld.facts
where tenant_id = %(tenant_id)s and user_id = %(user_id)s and epoch = %(epoch)s and retired_at is null

-- name: known
-- The same with the values that hold at a time, what was said last first; those of another purpose are not told.
select attribute,
       case when purpose = %(purpose)s and status <> 'corrected' and valid_from <= %(at)s and (valid_to is null or valid_to > %(at)s)
            then value end as value
from recalld.facts
where tenant_id = %(tenant_id)s and user_id = %(user_id)s and epoch = %(epoch)s and retired_at is null
order by confirmed_at desc, fact_id

-- name: believed
-- What is believed now about some attributes, past values included.
select * from recalld.facts
where tenant_id = %(tenant_id)s and user_id = %(user_id)s and epoch = %(epoch)s and retired_at is null
  and attribute = any(%(attributes)s::text[])

-- name: bundle
-- Everything that is believed now, past values included: the bundle that recall caches.
select * from recalld.facts
where tenant_id = %(tenant_id)s and user_id = %(user_id)s and epoch = %(epoch)s and retired_at is null
order by attribute, valid_from, fact_id

-- name: versions
-- Every version ever believed, for reads about what was believed when.
select * from recalld.facts
where tenant_id = %(tenant_id)s and user_id = %(user_id)s and epoch = %(epoch)s
  and (%(attribute)s::text is null or attribute = %(attribute)s::text)
order by attribute, valid_from, fact_id, version

-- name: fact
-- All versions of one fact.
select * from recalld.facts
where tenant_id = %(tenant_id)s and user_id = %(user_id)s and epoch = %(epoch)s and fact_id = %(fact_id)s
order by version

-- name: insert_fact
-- A new version of a fact.
insert into recalld.facts (tenant_id, user_id, fact_id, version, epoch, attribute, value, text, purpose, cardinality, status, valid_from,
                           valid_to, recorded_at, retired_at, confirmed_at, confirmations, confidence, origin, quote, session_id,
                           episode_id, superseded_by)
select %(tenant_id)s, %(user_id)s, %(fact_id)s, coalesce(max(version), 0) + 1, %(epoch)s::bigint, %(attribute)s, %(value)s, %(text)s, %(purpose)s,
       %(cardinality)s, %(status)s, %(valid_from)s::timestamptz, %(valid_to)s::timestamptz, %(recorded_at)s::timestamptz,
       %(retired_at)s::timestamptz, %(confirmed_at)s::timestamptz, %(confirmations)s::int, %(confidence)s::real, %(origin)s, %(quote)s,
       %(session_id)s, %(episode_id)s, %(superseded_by)s
from recalld.facts where tenant_id = %(tenant_id)s and user_id = %(user_id)s and fact_id = %(fact_id)s

-- name: retire_fact
-- The version is no longer believed.
update recalld.facts set retired_at = %(retired_at)s::timestamptz
where tenant_id = %(tenant_id)s and user_id = %(user_id)s and fact_id = %(fact_id)s and retired_at is null

-- name: update_fact
-- The same belief, confirmed or worded anew.
update recalld.facts
set confirmed_at = %(confirmed_at)s::timestamptz, confirmations = %(confirmations)s::int, confidence = %(confidence)s::real,
    origin = %(origin)s, text = %(text)s, value = %(value)s, quote = %(quote)s, session_id = %(session_id)s, episode_id = %(episode_id)s,
    superseded_by = %(superseded_by)s
where tenant_id = %(tenant_id)s and user_id = %(user_id)s and fact_id = %(fact_id)s and retired_at is null

-- name: purge_retired
-- A deletion is a deletion: versions that are no longer believed go too, those of one fact and those that are listed.
delete from recalld.facts
where tenant_id = %(tenant_id)s and user_id = %(user_id)s and retired_at is not null
  and (fact_id = %(fact_id)s::text or (fact_id, version) in (select * from unnest(%(fact_ids)s::text[], %(versions)s::int[])))

-- name: statements
-- The evidence about some attributes, of all purposes.
select statement_id, attribute, value, act, text, said_at, valid_from, valid_to, cardinality, replaces, origin, confidence::float8, quote,
       purpose, session_id, episode_id
from recalld.statements
where tenant_id = %(tenant_id)s and user_id = %(user_id)s and epoch = %(epoch)s
  and (%(attributes)s::text[] is null or attribute = any(%(attributes)s::text[]))
order by said_at, statement_id

-- name: insert_statement
-- One piece of evidence; delivered again, it changes nothing.
insert into recalld.statements (tenant_id, user_id, statement_id, epoch, attribute, value, act, text, said_at, valid_from, valid_to,
                                cardinality, replaces, origin, confidence, quote, purpose, session_id, episode_id)
values (%(tenant_id)s, %(user_id)s, %(statement_id)s, %(epoch)s, %(attribute)s, %(value)s, %(act)s, %(text)s, %(said_at)s, %(valid_from)s,
        %(valid_to)s, %(cardinality)s, %(replaces)s, %(origin)s, %(confidence)s, %(quote)s, %(purpose)s, %(session_id)s, %(episode_id)s)
on conflict (tenant_id, user_id, statement_id) do nothing

-- name: delete_statements
-- Evidence that is taken back, by its ids.
delete from recalld.statements
where tenant_id = %(tenant_id)s and user_id = %(user_id)s and statement_id = any(%(statement_ids)s::text[])

-- name: statements_of_source
-- The evidence that came from one session or one episode.
select statement_id, attribute from recalld.statements
where tenant_id = %(tenant_id)s and user_id = %(user_id)s and epoch = %(epoch)s
  and (session_id = %(session_id)s::text or episode_id = %(episode_id)s::text)
