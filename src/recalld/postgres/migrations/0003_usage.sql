-- What model calls took, per user and day, and the same per tenant. Runs as recalld_owner.
-- The tenant's sums are a table of their own: they outlive the erasure of a user, hold nothing of any person, and are read for the
-- tenant's ceiling before every call, which a sum over all its users would make slow.

create table recalld.usage (
    tenant_id text collate "C" not null,
    user_id text collate "C" not null,
    epoch bigint not null,
    day date not null,                             -- UTC
    component text not null check (component in ('summariser', 'embedder')),
    model text collate "C" not null,               -- provider:model
    calls bigint not null,
    failed bigint not null,                        -- of the calls, those without a usable answer
    input_tokens bigint not null,                  -- cached ones included
    cached_tokens bigint not null,
    output_tokens bigint not null,
    cost_usd numeric(20, 10) not null,             -- of the calls whose price is known
    unpriced bigint not null,                      -- of the calls, those whose price is not
    primary key (tenant_id, user_id, epoch, day, component, model)
) with (fillfactor = 80);
call recalld.protect('recalld.usage');
grant select on recalld.usage to recalld_app;
grant select, insert, update on recalld.usage to recalld_worker;
grant select, delete on recalld.usage to recalld_eraser;
grant select (tenant_id, user_id, epoch) on recalld.usage to recalld_auditor;

create table recalld.tenant_usage (
    tenant_id text collate "C" not null,
    day date not null,
    component text not null check (component in ('summariser', 'embedder')),
    model text collate "C" not null,
    calls bigint not null,
    failed bigint not null,
    input_tokens bigint not null,
    cached_tokens bigint not null,
    output_tokens bigint not null,
    cost_usd numeric(20, 10) not null,
    unpriced bigint not null,
    primary key (tenant_id, day, component, model)
) with (fillfactor = 50);
alter table recalld.tenant_usage enable row level security;
alter table recalld.tenant_usage force row level security;
create policy own_tenant on recalld.tenant_usage to recalld_app, recalld_worker
    using (tenant_id = (select recalld.context('tenant_id')))
    with check (tenant_id = (select recalld.context('tenant_id')));
grant select on recalld.tenant_usage to recalld_app;
grant select, insert, update on recalld.tenant_usage to recalld_worker;
