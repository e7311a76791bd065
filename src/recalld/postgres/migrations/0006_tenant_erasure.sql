-- How far the erasure of a tenant is, so that any process can go on with it. Runs as recalld_owner.
alter table recalld.tenant_rules
    add column people bigint,                     -- who were there when it was closed
    add column keys bigint,                       -- of the API, which went first
    add column receipts_before bigint;            -- the end of the chain at that moment: later receipts are of its people
