-- name: row_bytes
-- Bytes that the user's rows take in their tables: the tuple with its header, and its line pointer.
select (select coalesce(sum(pg_column_size(e.*) + 4), 0) from recalld.episodes e
        where e.tenant_id = %(tenant_id)s and e.user_id = %(user_id)s) as episodes,
       (select coalesce(sum(pg_column_size(v.*) + 4), 0) from recalld.vectors v
        where v.tenant_id = %(tenant_id)s and v.user_id = %(user_id)s) as vectors,
       (select coalesce(sum(pg_column_size(f.*) + 4), 0) from recalld.facts f
        where f.tenant_id = %(tenant_id)s and f.user_id = %(user_id)s) as facts,
       (select coalesce(sum(pg_column_size(s.*) + 4), 0) from recalld.statements s
        where s.tenant_id = %(tenant_id)s and s.user_id = %(user_id)s) as statements

-- name: row_counts
-- How many rows these are.
select (select count(*) from recalld.episodes e
        where e.tenant_id = %(tenant_id)s and e.user_id = %(user_id)s) as episodes,
       (select count(*) from recalld.vectors v
        where v.tenant_id = %(tenant_id)s and v.user_id = %(user_id)s) as vectors,
       (select count(*) from recalld.facts f
        where f.tenant_id = %(tenant_id)s and f.user_id = %(user_id)s) as facts,
       (select count(*) from recalld.statements s
        where s.tenant_id = %(tenant_id)s and s.user_id = %(user_id)s) as statements

-- name: index_entries
-- Bytes of one entry in all indexes of each table: header, line pointer and columns, an id counted with *id_bytes*.
select c.relname as name, sum(12 + (
           select coalesce(sum(case when a.atttypid = 'text'::regtype then %(id_bytes)s::int else 8 end), 0)
           from pg_catalog.pg_attribute a where a.attrelid = i.indexrelid)) as bytes
from pg_catalog.pg_index i join pg_catalog.pg_class c on c.oid = i.indrelid
where c.relnamespace = 'recalld'::regnamespace and c.relname in ('episodes', 'vectors', 'facts', 'statements')
group by c.relname
