-- name: sessions
-- The sessions of an ingested user, oldest first.
select session_id from recalld.sessions where tenant_id = %(tenant_id)s and user_id = %(user_id)s order by session_id

-- name: users_rows
-- The user.
select * from recalld.users where tenant_id = %(tenant_id)s and user_id = %(user_id)s

-- name: sessions_rows
-- One session.
select * from recalld.sessions where tenant_id = %(tenant_id)s and user_id = %(user_id)s and session_id = %(session_id)s

-- name: episodes_rows
-- What it became.
select * from recalld.episodes where tenant_id = %(tenant_id)s and user_id = %(user_id)s and session_id = %(session_id)s

-- name: vectors_rows
-- The vectors of that.
select v.* from recalld.vectors v
join recalld.episodes e on e.tenant_id = v.tenant_id and e.user_id = v.user_id and e.episode_id = v.episode_id
where v.tenant_id = %(tenant_id)s and v.user_id = %(user_id)s and e.session_id = %(session_id)s
order by v.episode_id, v.part

-- name: statements_rows
-- What was said in it about the user.
select * from recalld.statements where tenant_id = %(tenant_id)s and user_id = %(user_id)s and session_id = %(session_id)s

-- name: facts_rows
-- What followed from it.
select * from recalld.facts where tenant_id = %(tenant_id)s and user_id = %(user_id)s and session_id = %(session_id)s

-- name: indexes
-- The indexes of a table, the primary key first: what drops each and what makes it again.
select case when c.oid is null then format('drop index %%s', i.indexrelid::regclass)
            else format('alter table %%s drop constraint %%I', i.indrelid::regclass, c.conname) end as drop,
       case when c.oid is null then pg_get_indexdef(i.indexrelid)
            else format('alter table %%s add constraint %%I %%s', i.indrelid::regclass, c.conname, pg_get_constraintdef(c.oid)) end as make
from pg_index i left join pg_constraint c on c.conindid = i.indexrelid and c.conrelid = i.indrelid and c.contype in ('p', 'u')
where i.indrelid = %(table)s::regclass
order by c.oid is null, i.indexrelid::regclass::text

-- name: analyze
-- What the planner has to know.
analyze recalld.users, recalld.sessions, recalld.episodes, recalld.vectors, recalld.statements, recalld.facts
