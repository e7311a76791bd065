-- What the service needs beside memory: API keys, and the answers it gave to requests that may be repeated. Runs as recalld_owner.

create table recalld.api_keys (
    tenant_id text collate "C" not null check (recalld.is_id(tenant_id)),
    key_id text collate "C" not null,
    secret_hash bytea not null,                   -- SHA-256 of a random 256-bit secret: nothing to guess, so no slow hash
    label text not null,
    scopes text[] not null,
    bound_user_id text collate "C",               -- null: all users of the tenant
    purposes text[],                              -- null: all purposes
    created_at timestamptz not null default now(),
    expires_at timestamptz,
    revoked_at timestamptz,
    primary key (tenant_id, key_id)
);
alter table recalld.api_keys enable row level security;
alter table recalld.api_keys force row level security;
create policy own_tenant on recalld.api_keys to recalld_app
    using (tenant_id = (select recalld.context('tenant_id')))
    with check (tenant_id = (select recalld.context('tenant_id')));
grant select, insert, update on recalld.api_keys to recalld_app;
-- The gate looks a key up before it knows whose it is; it reads nothing else.
create policy all_keys on recalld.api_keys for select to recalld_gate using (true);
grant select on recalld.api_keys to recalld_gate;
create index api_keys_id on recalld.api_keys (key_id);

create table recalld.requests (
    tenant_id text collate "C" not null,
    user_id text collate "C" not null,
    request_key bytea not null,                   -- SHA-256 of the caller's Idempotency-Key
    epoch bigint not null,
    request_hash bytea not null,                  -- SHA-256 of method, path and body: another request under the same key is an error
    answer jsonb,                                 -- counts and states, never content; null while the first one runs
    created_at timestamptz not null default now(),
    primary key (tenant_id, user_id, request_key)
);
call recalld.protect('recalld.requests');
grant select, insert, update, delete on recalld.requests to recalld_worker;
grant select, delete on recalld.requests to recalld_eraser;
grant select (tenant_id, user_id, epoch) on recalld.requests to recalld_auditor;
-- The sweeper forgets them after a day.
create policy all_old on recalld.requests for select to recalld_sweeper using (created_at < now() - interval '1 day');
grant select (tenant_id, user_id, created_at) on recalld.requests to recalld_sweeper;
