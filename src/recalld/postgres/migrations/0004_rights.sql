-- The rights: purposes and consents, holds, receipts, the audit, retention. Runs as recalld_owner.
-- Tables without user_id belong to a tenant and hold no person but by pseudonym.

-- ---------------------------------------------------------------- what a tenant decides

-- Why a tenant remembers. A tenant that has declared none may use any; one that has, those it declared and did not withdraw.
create table recalld.purposes (
    tenant_id text collate "C" not null check (recalld.is_id(tenant_id)),
    purpose text collate "C" not null,
    description text not null,
    legal_basis text not null,
    is_default boolean not null,                  -- true: holds for every user; false: only for those who consented
    facts_days integer check (facts_days > 0),    -- kept so long after they were last confirmed; null: until erased
    episodes_days integer check (episodes_days > 0),  -- kept so long after the session ended
    declared_at timestamptz not null default now(),
    withdrawn_at timestamptz,
    primary key (tenant_id, purpose)
);

-- Rules for all of a tenant's users.
create table recalld.tenant_rules (
    tenant_id text collate "C" not null check (recalld.is_id(tenant_id)),
    inactive_days integer check (inactive_days > 0),  -- users about whom nothing was written for so long are erased
    closed_at timestamptz,                        -- the tenant was erased: nothing is written for it any more
    erasure_id text collate "C",
    sweep_at timestamptz,                         -- when the tenant's own rows go
    primary key (tenant_id)
);

-- ---------------------------------------------------------------- what a person decided, and what is decided about them

create table recalld.consents (
    tenant_id text collate "C" not null,
    user_id text collate "C" not null,
    purpose text collate "C" not null,
    epoch bigint not null,
    given boolean not null,                       -- false: withdrawn
    decided_at timestamptz not null,
    primary key (tenant_id, user_id, purpose)
);
call recalld.protect('recalld.consents');
grant select on recalld.consents to recalld_app;
grant select, insert, update, delete on recalld.consents to recalld_worker;
grant select, delete on recalld.consents to recalld_eraser;
grant select (tenant_id, user_id, epoch) on recalld.consents to recalld_auditor;

-- A legal hold restricts: what there was stays under its epoch, the user goes on under a newer one, so nothing of it is read or changed.
create table recalld.holds (
    tenant_id text collate "C" not null,
    user_id text collate "C" not null,
    epoch bigint not null,                        -- of what is held
    reason text not null,
    placed_at timestamptz not null,
    primary key (tenant_id, user_id)
);
call recalld.protect('recalld.holds');
grant select on recalld.holds to recalld_app, recalld_worker;
grant select, insert, delete on recalld.holds to recalld_eraser;
grant select (tenant_id, user_id, epoch) on recalld.holds to recalld_auditor;

-- ---------------------------------------------------------------- erasure

alter table recalld.erasures
    add column attempts integer not null default 0,
    add column retry_at timestamptz not null default now() + interval '1 minute',  -- whoever erases has until then
    add column sweep_at timestamptz;              -- the second pass: no writer of before is alive by then
-- The sweeper finds what is to be tried again.
create policy all_unfinished on recalld.erasures for select to recalld_sweeper using (true);
grant select (tenant_id, user_id, erasure_id, epoch, status, requested_at, verified_at, attempts, retry_at, sweep_at, receipt)
    on recalld.erasures to recalld_sweeper;

-- A user begins with a row, and an erasure begins with that row.
grant insert on recalld.users to recalld_eraser;
create policy all_users on recalld.users for select to recalld_sweeper using (true);
grant select (tenant_id, user_id, epoch, created_at) on recalld.users to recalld_sweeper;

-- Proof, without anything personal but a pseudonym. Each carries the hash of the one before it.
create table recalld.receipts (
    tenant_id text collate "C" not null check (recalld.is_id(tenant_id)),
    seq bigint not null,
    erasure_id text collate "C" not null,
    hash text not null,                           -- SHA-256 of the receipt with its signature
    receipt jsonb not null,
    primary key (tenant_id, seq)
);
create index receipts_erasure on recalld.receipts (tenant_id, erasure_id);

-- ---------------------------------------------------------------- audit

-- Who did what with whose memory: appended, never changed. No content, the person by pseudonym.
create table recalld.audit (
    tenant_id text collate "C" not null check (recalld.is_id(tenant_id)),
    seq bigint not null,
    at timestamptz not null,
    actor text not null,                          -- id of the API key, or the face
    action text not null,
    subject text not null,                        -- pseudonym; empty: the tenant
    purposes text[] not null,
    count bigint not null,                        -- of what was read, written or removed
    request_id text not null,
    previous text not null,                       -- hash of the event before
    hash text not null,
    primary key (tenant_id, seq)
);
create index audit_subject on recalld.audit (tenant_id, subject, seq);

-- ---------------------------------------------------------------- protection of what belongs to tenants

create procedure recalld.protect_tenant(p_table regclass, p_roles text) language plpgsql as $$
begin
    execute format('alter table %s enable row level security', p_table);
    execute format('alter table %s force row level security', p_table);
    execute format(
        'create policy own_tenant on %s to %s
         using (tenant_id = (select recalld.context(''tenant_id'')))
         with check (tenant_id = (select recalld.context(''tenant_id'')))', p_table, p_roles);
end $$;
call recalld.protect_tenant('recalld.purposes', 'recalld_app, recalld_worker, recalld_eraser');
call recalld.protect_tenant('recalld.tenant_rules', 'recalld_app, recalld_worker, recalld_eraser');
call recalld.protect_tenant('recalld.receipts', 'recalld_worker, recalld_eraser, recalld_auditor');
call recalld.protect_tenant('recalld.audit', 'recalld_worker, recalld_eraser, recalld_auditor');
grant select on recalld.purposes to recalld_app;
grant select, insert, update on recalld.purposes to recalld_worker;
grant select, delete on recalld.purposes to recalld_eraser;
grant select on recalld.tenant_rules to recalld_app;
grant select, insert, update on recalld.tenant_rules to recalld_worker;
grant select, insert, update, delete on recalld.tenant_rules to recalld_eraser;
grant select, insert on recalld.receipts to recalld_eraser;
grant select on recalld.receipts to recalld_worker, recalld_auditor;
grant select, insert on recalld.audit to recalld_worker, recalld_eraser;
grant select on recalld.audit to recalld_auditor;
-- The sweeper finds the tenants with rules, and those whose erasure is to be ended.
create policy all_rules on recalld.tenant_rules for select to recalld_sweeper using (true);
grant select on recalld.tenant_rules to recalld_sweeper;
create policy all_limits on recalld.purposes for select to recalld_sweeper using (true);
grant select (tenant_id, purpose, facts_days, episodes_days, withdrawn_at) on recalld.purposes to recalld_sweeper;

-- A tenant's erasure reaches its keys and its sums.
alter policy own_tenant on recalld.api_keys to recalld_app, recalld_eraser;
grant select (tenant_id, key_id), delete on recalld.api_keys to recalld_eraser;
alter policy own_tenant on recalld.tenant_usage to recalld_app, recalld_worker, recalld_eraser;
grant select, delete on recalld.tenant_usage to recalld_eraser;

-- ---------------------------------------------------------------- keys of the installation
-- Receipts are signed with Ed25519; this is its seed.
insert into recalld.installation values ('receipt_key', uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()));
