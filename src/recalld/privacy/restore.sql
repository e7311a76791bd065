-- name: known
-- Whether anything is known about a person.
select true as known from recalld.users u
where u.tenant_id = %(tenant_id)s and u.user_id = %(user_id)s and (
    exists (select from recalld.sessions s where s.tenant_id = %(tenant_id)s and s.user_id = %(user_id)s and s.epoch = u.epoch)
    or exists (select from recalld.facts f where f.tenant_id = %(tenant_id)s and f.user_id = %(user_id)s and f.epoch = u.epoch)
    or exists (select from recalld.episodes e where e.tenant_id = %(tenant_id)s and e.user_id = %(user_id)s and e.epoch = u.epoch))

-- name: consents
insert into recalld.consents (tenant_id, user_id, epoch, purpose, given, decided_at)
select %(tenant_id)s, %(user_id)s, %(epoch)s::bigint, r.purpose, r.given, r.decided_at
from jsonb_to_recordset(%(rows)s::jsonb) as r (purpose text, given boolean, decided_at timestamptz)
on conflict (tenant_id, user_id, purpose) do nothing

-- name: facts
insert into recalld.facts (tenant_id, user_id, epoch, fact_id, version, attribute, value, text, purpose, cardinality, status, valid_from,
                           valid_to, recorded_at, retired_at, confirmed_at, confirmations, confidence, origin, quote, session_id,
                           episode_id, superseded_by)
select %(tenant_id)s, %(user_id)s, %(epoch)s::bigint, r.fact_id, r.version, r.attribute, r.value, r.text, r.purpose, r.cardinality, r.status,
       r.valid_from, r.valid_to, r.recorded_at, r.retired_at, r.confirmed_at, r.confirmations, r.confidence, r.origin, r.quote,
       r.session_id, r.episode_id, r.superseded_by
from jsonb_to_recordset(%(rows)s::jsonb) as r (
    fact_id text, version integer, attribute text, value text, text text, purpose text, cardinality text, status text,
    valid_from timestamptz, valid_to timestamptz, recorded_at timestamptz, retired_at timestamptz, confirmed_at timestamptz,
    confirmations integer, confidence real, origin text, quote text, session_id text, episode_id text, superseded_by text)

-- name: statements
insert into recalld.statements (tenant_id, user_id, epoch, statement_id, attribute, value, act, text, said_at, valid_from, valid_to,
                                cardinality, replaces, origin, confidence, quote, purpose, session_id, episode_id)
select %(tenant_id)s, %(user_id)s, %(epoch)s::bigint, r.statement_id, r.attribute, r.value, r.act, r.text, r.said_at, r.valid_from, r.valid_to,
       r.cardinality, r.replaces, r.origin, r.confidence, r.quote, r.purpose, r.session_id, r.episode_id
from jsonb_to_recordset(%(rows)s::jsonb) as r (
    statement_id text, attribute text, value text, act text, text text, said_at timestamptz, valid_from timestamptz,
    valid_to timestamptz, cardinality text, replaces text, origin text, confidence real, quote text, purpose text, session_id text,
    episode_id text)

-- name: sessions
-- An open session is idle from now on; one that waited for its ingestion, or for the model, waits here.
insert into recalld.sessions (tenant_id, user_id, epoch, session_id, purpose, timezone, state, no_memory, working, message_count,
                              started_at, last_message_at, ended_at, active_at, attempts, error, episode_id, report, kept_at, retry_at)
select %(tenant_id)s, %(user_id)s, %(epoch)s::bigint, r.session_id, r.purpose, r.timezone, r.state, r.no_memory, r.working, r.message_count,
       r.started_at, r.last_message_at, r.ended_at, now(), r.attempts, r.error, r.episode_id, r.report, r.kept_at, r.kept_at
from jsonb_to_recordset(%(rows)s::jsonb) as r (
    session_id text, purpose text, timezone text, state text, no_memory boolean, working jsonb, message_count integer,
    started_at timestamptz, last_message_at timestamptz, ended_at timestamptz, attempts integer, error text, episode_id text,
    report jsonb, kept_at timestamptz)

-- name: messages
insert into recalld.messages (tenant_id, user_id, epoch, session_id, seq, role, name, content, at)
select %(tenant_id)s, %(user_id)s, %(epoch)s::bigint, r.session_id, r.seq, r.role, r.name, r.content, r.at
from jsonb_to_recordset(%(rows)s::jsonb) as r (session_id text, seq integer, role text, name text, content text, at timestamptz)

-- name: usage
insert into recalld.usage (tenant_id, user_id, epoch, day, component, model, calls, failed, input_tokens, cached_tokens, output_tokens,
                           cost_usd, unpriced)
select %(tenant_id)s, %(user_id)s, %(epoch)s::bigint, r.day, r.component, r.model, r.calls, r.failed, r.input_tokens, r.cached_tokens,
       r.output_tokens, r.cost_usd, r.unpriced
from jsonb_to_recordset(%(rows)s::jsonb) as r (
    day date, component text, model text, calls bigint, failed bigint, input_tokens bigint, cached_tokens bigint, output_tokens bigint,
    cost_usd numeric, unpriced bigint)
on conflict (tenant_id, user_id, epoch, day, component, model) do nothing
