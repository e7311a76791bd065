-- name: installed
-- Whether this PostgreSQL can be distributed.
select exists (select from pg_catalog.pg_extension where extname = 'citus') as citus

-- name: distributed
-- The tables that Citus knows already.
select c.relname as name from pg_catalog.pg_dist_partition p
join pg_catalog.pg_class c on c.oid = p.logicalrelid
where c.relnamespace in ('recalld'::regnamespace, 'recalld_jobs'::regnamespace)

-- name: not_forced
-- Forced row-level security stops the online move of a shard for ever; no role that serves is the owner, whom it would bind.
select format('alter table %%s no force row level security', oid::regclass) as statement
from pg_catalog.pg_class where oid = %(table)s::regclass and relforcerowsecurity

-- name: first
-- The table that all others lie beside: one user's rows of all tables are on one node. Never an implicit group of tables.
select create_distributed_table(%(table)s::regclass, 'user_id', shard_count := %(shards)s::int, colocate_with := 'none')

-- name: beside
select create_distributed_table(%(table)s::regclass, 'user_id', colocate_with := 'recalld.users')

-- name: reference
-- Small tables of tenants and of the installation: a copy on every node.
select create_reference_table(%(table)s::regclass)

-- name: queue
-- The queue stays on the coordinator, and its transactions with a shard become atomic: without this, a crash between the two commits
-- would keep one and lose the other.
select citus_add_local_table_to_metadata(%(table)s::regclass, cascade_via_foreign_keys := true)

-- name: queue_tables
-- One table of each group that foreign keys hold together is enough; the others come with it.
select c.oid::regclass::text as name from pg_catalog.pg_class c
where c.relnamespace = 'recalld_jobs'::regnamespace and c.relkind = 'r'
order by c.relname

-- name: propagate
-- `set local` in recalld.enter reaches the nodes; the default is that it does not, and every read would be refused there.
alter role recalld_service set citus.propagate_set_commands = 'local'
