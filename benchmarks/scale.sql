-- name: sizes
-- Bytes of each table, and of each of its indexes.
select t.relname as table_name, t.relname as name, pg_table_size(t.oid) as bytes
from pg_class t where t.oid = any(%(tables)s::regclass[])
union all
select t.relname, i.relname, pg_relation_size(i.oid)
from pg_class t join pg_index x on x.indrelid = t.oid join pg_class i on i.oid = x.indexrelid
where t.oid = any(%(tables)s::regclass[])
order by 1, 3 desc

-- name: serving
-- The processes that serve a database.
select pid from pg_stat_activity where datname = %(database)s and backend_type = 'client backend' and pid <> pg_backend_pid()
