-- name: scope
-- Under which epoch the person's memory lies: what is under a legal hold is still theirs to see.
select coalesce((select h.epoch from recalld.holds h where h.tenant_id = %(tenant_id)s and h.user_id = %(user_id)s), u.epoch) as epoch,
       u.created_at
from recalld.users u where u.tenant_id = %(tenant_id)s and u.user_id = %(user_id)s

-- name: hold
select reason, placed_at from recalld.holds where tenant_id = %(tenant_id)s and user_id = %(user_id)s

-- name: purposes
-- What the tenant declared.
select purpose, description, legal_basis, is_default, facts_days, episodes_days, declared_at, withdrawn_at from recalld.purposes
where tenant_id = %(tenant_id)s and (%(after_purpose)s::text is null or purpose > %(after_purpose)s)
order by purpose limit %(limit)s

-- name: consents
select purpose, given, decided_at from recalld.consents
where tenant_id = %(tenant_id)s and user_id = %(user_id)s and epoch = %(epoch)s
  and (%(after_purpose)s::text is null or purpose > %(after_purpose)s)
order by purpose limit %(limit)s

-- name: now
-- What holds now.
select fact_id, version, attribute, text, valid_from from recalld.facts
where tenant_id = %(tenant_id)s and user_id = %(user_id)s and epoch = %(epoch)s and retired_at is null and status <> 'corrected'
  and valid_from <= now() and (valid_to is null or valid_to > now())
  and (%(after_attribute)s::text is null
       or (attribute, valid_from, fact_id, version)
          > (%(after_attribute)s, %(after_valid_from)s::timestamptz, %(after_fact_id)s, %(after_version)s::integer))
order by attribute, valid_from, fact_id, version limit %(limit)s

-- name: timeline
-- What began when, and until when it held, with the status of now.
select fact_id, version, text, valid_from, valid_to,
       case when valid_to is null or (valid_to > now() and valid_to > valid_from) then 'current'
            when status = 'current' then 'expired' else status end as status
from recalld.facts
where tenant_id = %(tenant_id)s and user_id = %(user_id)s and epoch = %(epoch)s and retired_at is null and status <> 'corrected'
  and (%(after_fact_id)s::text is null
       or (valid_from, fact_id, version) > (%(after_valid_from)s::timestamptz, %(after_fact_id)s, %(after_version)s::integer))
order by valid_from, fact_id, version limit %(limit)s

-- name: facts
-- Every version ever believed.
select fact_id, version, attribute, value, text, purpose, cardinality, status, valid_from, valid_to, recorded_at, retired_at, confirmed_at,
       confirmations, confidence, origin, quote, session_id, episode_id, superseded_by
from recalld.facts
where tenant_id = %(tenant_id)s and user_id = %(user_id)s and epoch = %(epoch)s
  and (%(after_attribute)s::text is null
       or (attribute, valid_from, fact_id, version)
          > (%(after_attribute)s, %(after_valid_from)s::timestamptz, %(after_fact_id)s, %(after_version)s::integer))
order by attribute, valid_from, fact_id, version limit %(limit)s

-- name: statements
select statement_id, attribute, value, act, text, said_at, valid_from, valid_to, cardinality, replaces, origin, confidence, quote, purpose,
       session_id, episode_id
from recalld.statements
where tenant_id = %(tenant_id)s and user_id = %(user_id)s and epoch = %(epoch)s
  and (%(after_statement_id)s::text is null or (said_at, statement_id) > (%(after_said_at)s::timestamptz, %(after_statement_id)s))
order by said_at, statement_id limit %(limit)s

-- name: episodes
select episode_id, session_id, purpose, started_at, ended_at, timezone, summary, topics, points, digest_by from recalld.episodes
where tenant_id = %(tenant_id)s and user_id = %(user_id)s and epoch = %(epoch)s
  and (%(after_episode_id)s::text is null or (ended_at, episode_id) > (%(after_ended_at)s::timestamptz, %(after_episode_id)s))
order by ended_at, episode_id limit %(limit)s

-- name: sessions
-- With what its ingestion reported.
select session_id, purpose, timezone, state, no_memory, working, message_count, started_at, last_message_at, ended_at, attempts, error,
       episode_id, report, kept_at
from recalld.sessions
where tenant_id = %(tenant_id)s and user_id = %(user_id)s and epoch = %(epoch)s
  and (%(after_session_id)s::text is null or (started_at, session_id) > (%(after_started_at)s::timestamptz, %(after_session_id)s))
order by started_at, session_id limit %(limit)s

-- name: messages
-- The journal of some sessions.
select session_id, seq, role, name, content, at from recalld.messages
where tenant_id = %(tenant_id)s and user_id = %(user_id)s and epoch = %(epoch)s and session_id = any(%(session_ids)s::text[])
order by session_id, seq

-- name: usage
-- What the person's model calls took.
select day, component, model, calls, failed, input_tokens, cached_tokens, output_tokens, cost_usd, unpriced from recalld.usage
where tenant_id = %(tenant_id)s and user_id = %(user_id)s and epoch = %(epoch)s
  and (%(after_day)s::date is null or (day, component, model) > (%(after_day)s::date, %(after_component)s, %(after_model)s))
order by day, component, model limit %(limit)s
