-- The four layers, their isolation and the journal. Runs as recalld_owner; every name is schema-qualified.
-- Rules: tenant_id and user_id lead every key and index; no triggers, no volatile functions in updates, foreign keys never cross users,
-- one owner for all tables: so the same schema can be distributed by user_id.

revoke all on schema recalld from public;
grant usage on schema recalld to recalld_app, recalld_worker, recalld_eraser, recalld_auditor, recalld_sweeper, recalld_gate, recalld_queue;
-- Not `in schema`: the defaults of a schema only add to the general ones, by which everybody may run a new function.
alter default privileges revoke execute on functions from public;

create schema recalld_jobs;
revoke all on schema recalld_jobs from public;
grant usage on schema recalld_jobs to recalld_queue;

-- ---------------------------------------------------------------- context

-- Begins the scope of a transaction: role, tenant, user, purposes, all local to it. `set local` in PL/pgSQL also reaches the workers of
-- a distributed PostgreSQL, which set_config() does not.
create function recalld.enter(p_role text, p_tenant text, p_user text, p_purposes text) returns void
language plpgsql volatile as $$
begin
    execute pg_catalog.format('set local recalld.tenant_id = %L', p_tenant);
    execute pg_catalog.format('set local recalld.user_id = %L', p_user);
    execute pg_catalog.format('set local recalld.purposes = %L', p_purposes);
    execute pg_catalog.format('set local role %I', p_role);
end $$;
grant execute on function recalld.enter(text, text, text, text) to recalld_queue, recalld_app, recalld_worker, recalld_eraser, recalld_auditor, recalld_sweeper, recalld_gate;

-- The value a policy compares with. Stable, never immutable (an immutable one is folded into a cached plan and serves the next tenant
-- the previous one's rows). Nothing set is an error, not an empty answer.
create function recalld.context(p_name text) returns text
language plpgsql stable parallel safe set search_path = pg_catalog as $$
declare
    v text := current_setting('recalld.' || p_name, true);
begin
    if v is null or v = '' then
        raise exception 'no % in the context of this transaction', p_name using errcode = '42501';
    end if;
    return v;
end $$;
grant execute on function recalld.context(text) to recalld_app, recalld_worker, recalld_eraser, recalld_auditor, recalld_sweeper, recalld_gate;

-- An id: 1 to 255 characters, byte-wise order, no control characters.
create function recalld.is_id(p_value text) returns boolean
language sql immutable parallel safe as $$ select length(p_value) between 1 and 255 and p_value !~ '[\x01-\x1f\x7f-\x9f]' $$;
grant execute on function recalld.is_id(text) to recalld_app, recalld_worker, recalld_eraser;

-- Puts a table of personal rows behind tenant and user.
create procedure recalld.protect(p_table regclass) language plpgsql as $$
begin
    execute format('alter table %s enable row level security', p_table);
    execute format('alter table %s force row level security', p_table);
    execute format(
        'create policy own_rows on %s to recalld_app, recalld_worker, recalld_eraser, recalld_auditor
         using (tenant_id = (select recalld.context(''tenant_id'')) and user_id = (select recalld.context(''user_id'')))
         with check (tenant_id = (select recalld.context(''tenant_id'')) and user_id = (select recalld.context(''user_id'')))', p_table);
end $$;

-- Filters the reads of the app role by purpose. Never for the eraser: such a policy makes its DELETE remove nothing without an error.
create procedure recalld.protect_purpose(p_table regclass) language plpgsql as $$
begin
    execute format(
        'create policy purpose on %s as restrictive for select to recalld_app
         using (purpose = any (string_to_array((select recalld.context(''purposes'')), '','')))', p_table);
end $$;

-- ---------------------------------------------------------------- the user and the fence

create table recalld.users (
    tenant_id text collate "C" not null check (recalld.is_id(tenant_id)),
    user_id text collate "C" not null check (recalld.is_id(user_id)),
    -- Read FOR SHARE by every writer, raised by erasure. It starts at the clock, so a user who returns after the row itself was removed
    -- can never meet an epoch that an old writer still holds.
    epoch bigint not null default (extract(epoch from clock_timestamp()) * 1000000)::bigint,
    facts_version bigint not null default 0,      -- grows with every change of facts: keys the cached bundle
    episodes_version bigint not null default 0,   -- grows with every change of episodes
    language text not null default 'english',     -- text-search dictionary of the episodes
    created_at timestamptz not null default now(),
    primary key (tenant_id, user_id)
) with (fillfactor = 80);
call recalld.protect('recalld.users');
grant select, insert, update on recalld.users to recalld_app, recalld_worker;
grant select, update, delete on recalld.users to recalld_eraser;
grant select on recalld.users to recalld_auditor;

-- ---------------------------------------------------------------- layer 1, the durable copy: sessions and their journal

create table recalld.sessions (
    tenant_id text collate "C" not null,
    user_id text collate "C" not null,
    session_id text collate "C" not null check (recalld.is_id(session_id)),
    epoch bigint not null,
    purpose text collate "C" not null,
    timezone text not null,
    state text not null check (state in ('open', 'ended', 'ingested', 'failed')),
    no_memory boolean not null default false,
    working jsonb not null default '{}',           -- working state, while open
    message_count integer not null default 0,
    started_at timestamptz not null,
    last_message_at timestamptz not null,
    ended_at timestamptz,
    active_at timestamptz not null,                -- by the server's clock: idle sessions are ended by it
    claimed_until timestamptz,                     -- a lease: who ingests it holds it until then
    retry_at timestamptz,                          -- not before
    attempts integer not null default 0,
    error text,                                    -- class of the last failure, never content
    episode_id text collate "C",
    report jsonb,                                  -- counts and timings of the ingestion
    primary key (tenant_id, user_id, session_id)
) with (fillfactor = 80);
create index sessions_unfinished on recalld.sessions (tenant_id, user_id, session_id) where state in ('open', 'ended');
call recalld.protect('recalld.sessions');
grant select, insert, update on recalld.sessions to recalld_app;
grant select, insert, update, delete on recalld.sessions to recalld_worker;
grant select, delete on recalld.sessions to recalld_eraser;
grant select (tenant_id, user_id, session_id, epoch, state) on recalld.sessions to recalld_auditor;
-- The sweeper sees the states of all users' sessions, and nothing else of anybody.
create policy all_states on recalld.sessions for select to recalld_sweeper using (true);
grant select (tenant_id, user_id, session_id, epoch, state, active_at, claimed_until, retry_at, attempts, error, ended_at, last_message_at)
    on recalld.sessions to recalld_sweeper;

create table recalld.messages (
    tenant_id text collate "C" not null,
    user_id text collate "C" not null,
    session_id text collate "C" not null,
    seq integer not null,
    epoch bigint not null,
    role text not null check (role in ('user', 'assistant', 'system', 'tool')),
    name text,
    content text not null,
    at timestamptz not null,
    primary key (tenant_id, user_id, session_id, seq)
);
call recalld.protect('recalld.messages');
grant select, insert on recalld.messages to recalld_app;
grant select, insert, update, delete on recalld.messages to recalld_worker;
grant select, delete on recalld.messages to recalld_eraser;
grant select (tenant_id, user_id, session_id, seq, epoch) on recalld.messages to recalld_auditor;

-- ---------------------------------------------------------------- layer 2: statements (the evidence) and facts (what follows from it)

create table recalld.statements (
    tenant_id text collate "C" not null,
    user_id text collate "C" not null,
    statement_id text collate "C" not null,
    epoch bigint not null,
    attribute text collate "C" not null,
    value text not null,
    act text not null check (act in ('state', 'retract', 'correct')),
    text text not null,
    said_at timestamptz not null,
    valid_from timestamptz not null,
    valid_to timestamptz,
    cardinality text not null check (cardinality in ('single', 'many')),
    replaces text,
    origin text not null check (origin in ('stated', 'confirmed', 'inferred', 'api')),
    confidence real not null,
    quote text not null,
    purpose text collate "C" not null,
    session_id text collate "C",
    episode_id text collate "C",
    primary key (tenant_id, user_id, statement_id)
);
create index statements_attribute on recalld.statements (tenant_id, user_id, attribute);
call recalld.protect('recalld.statements');
call recalld.protect_purpose('recalld.statements');
grant select on recalld.statements to recalld_app;
grant select, insert, update, delete on recalld.statements to recalld_worker;
grant select, delete on recalld.statements to recalld_eraser;
grant select (tenant_id, user_id, statement_id, epoch) on recalld.statements to recalld_auditor;

create table recalld.facts (
    tenant_id text collate "C" not null,
    user_id text collate "C" not null,
    fact_id text collate "C" not null,
    version integer not null,
    epoch bigint not null,
    attribute text collate "C" not null,
    value text not null,
    text text not null,
    purpose text collate "C" not null,
    cardinality text not null check (cardinality in ('single', 'many')),
    status text not null check (status in ('current', 'superseded', 'retracted', 'expired', 'corrected')),
    valid_from timestamptz not null,
    valid_to timestamptz,
    recorded_at timestamptz not null,
    retired_at timestamptz,
    confirmed_at timestamptz not null,
    confirmations integer not null default 0,
    confidence real not null,
    origin text not null check (origin in ('stated', 'confirmed', 'inferred', 'api')),
    quote text not null,
    session_id text collate "C",
    episode_id text collate "C",
    superseded_by text collate "C",
    primary key (tenant_id, user_id, fact_id, version)
);
-- At most one current value of a single-valued attribute, whatever the code above believes.
create unique index facts_one_current on recalld.facts (tenant_id, user_id, purpose, attribute)
    where retired_at is null and status = 'current' and cardinality = 'single' and valid_to is null;
create index facts_believed on recalld.facts (tenant_id, user_id, attribute) where retired_at is null;
call recalld.protect('recalld.facts');
call recalld.protect_purpose('recalld.facts');
grant select on recalld.facts to recalld_app;
grant select, insert, update, delete on recalld.facts to recalld_worker;
grant select, delete on recalld.facts to recalld_eraser;
grant select (tenant_id, user_id, fact_id, version, epoch) on recalld.facts to recalld_auditor;

-- ---------------------------------------------------------------- layer 3: episodes

create table recalld.episodes (
    tenant_id text collate "C" not null,
    user_id text collate "C" not null,
    episode_id text collate "C" not null check (recalld.is_id(episode_id)),
    epoch bigint not null,
    session_id text collate "C",
    purpose text collate "C" not null,
    started_at timestamptz not null,
    ended_at timestamptz not null,
    timezone text not null,
    summary text not null,
    topics text[] not null,
    points text[] not null,
    digest_by text not null,
    -- Stems of summary, topics and points by the user's language, four bytes each: 28 bits of the stem's hash, 2 bits of its count in the
    -- summary, 2 bits of that in topics and points. Recall reads the stems of all episodes of a user as one value and ranks them in memory.
    stems bytea not null,
    -- The content words of topics, points and sentences as pieces of the local vocabulary, two bytes each (layers/episodes/pieces.py).
    pieces bytea not null default '',
    indexed_at timestamptz,                        -- when an external vector index confirmed it; null: the outbox
    primary key (tenant_id, user_id, episode_id)
) with (toast_tuple_target = 8160);                -- whole rows in the page: stems fetched from elsewhere cost three times as much
create unique index episodes_session on recalld.episodes (tenant_id, user_id, session_id) where session_id is not null;
create index episodes_time on recalld.episodes (tenant_id, user_id, ended_at);
create index episodes_outbox on recalld.episodes (tenant_id, user_id, episode_id) where indexed_at is null;
call recalld.protect('recalld.episodes');
call recalld.protect_purpose('recalld.episodes');
grant select on recalld.episodes to recalld_app;
grant select, insert, update, delete on recalld.episodes to recalld_worker;
grant select, delete on recalld.episodes to recalld_eraser;
grant select (tenant_id, user_id, episode_id, epoch) on recalld.episodes to recalld_auditor;
-- The sweeper finds what an external vector index still has to get.
create policy all_unindexed on recalld.episodes for select to recalld_sweeper using (indexed_at is null);
grant select (tenant_id, user_id, episode_id, epoch, indexed_at) on recalld.episodes to recalld_sweeper;

-- ---------------------------------------------------------------- layer 4, the default adapter: vectors

-- One row per episode with up to eight vectors in line, more continue in further parts. Measured on a user with 30,000 vectors: 3.6 ms
-- against 7.8 ms for a row per vector, and 0.24 against 0.34 ms for 300 vectors; the same bytes, an eighth of the index.
create table recalld.vectors (
    tenant_id text collate "C" not null,
    user_id text collate "C" not null,
    episode_id text collate "C" not null,
    part smallint not null,
    epoch bigint not null,
    purpose text collate "C" not null,
    ended_at timestamptz not null,
    model text collate "C" not null,
    embeddings public.halfvec[] not null,
    primary key (tenant_id, user_id, episode_id, part)
) with (toast_tuple_target = 8160);
alter table recalld.vectors alter column embeddings set storage external;
call recalld.protect('recalld.vectors');
call recalld.protect_purpose('recalld.vectors');
grant select on recalld.vectors to recalld_app;
grant select, insert, update, delete on recalld.vectors to recalld_worker;
grant select, delete on recalld.vectors to recalld_eraser;
grant select (tenant_id, user_id, episode_id, part, epoch) on recalld.vectors to recalld_auditor;

-- ---------------------------------------------------------------- the rights

create table recalld.erasures (
    tenant_id text collate "C" not null,
    user_id text collate "C" not null,            -- the person while it runs; the receipt's pseudonym once it is verified
    erasure_id text collate "C" not null,
    epoch bigint not null,                        -- everything below it goes
    status text not null check (status in ('running', 'partial', 'verified')),
    requested_at timestamptz not null,
    verified_at timestamptz,
    receipt jsonb,
    primary key (tenant_id, user_id, erasure_id)
);
call recalld.protect('recalld.erasures');
grant select, insert, update, delete on recalld.erasures to recalld_eraser;
grant select on recalld.erasures to recalld_auditor;

-- ---------------------------------------------------------------- the installation

-- Secrets that all processes of one installation share. No tenant's data.
create table recalld.installation (
    name text primary key,
    value bytea not null
);
grant select on recalld.installation to recalld_app, recalld_worker, recalld_eraser;
insert into recalld.installation values ('fence_key', uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()));
