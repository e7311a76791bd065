-- name: first_schema
-- Where a name without a schema is looked up first.
select (pg_catalog.current_schemas(true))[1] as name

-- name: plain_names
-- From here to the end of the transaction, names without a schema are those of PostgreSQL, whoever made others of the same name.
set local search_path = pg_catalog

-- name: findings
-- One row per finding: the rule that is broken and the place. Reads the catalogs only, as the serving login may.
with groups as (
    select oid, rolname as name, rolsuper, rolbypassrls, rolreplication, rolcreaterole
    from pg_roles where rolname = any (%(group_roles)s::text[])
),
serving as (  -- the roles under which requests run, and the login they run from
    select oid, name, rolsuper, rolbypassrls, rolreplication, rolcreaterole, false as is_login from groups
    union all
    select oid, rolname, rolsuper, rolbypassrls, rolreplication, rolcreaterole, true from pg_roles where rolname = session_user
),
tables as (  -- scope: the columns that say whose a row is
    select oid, relname as name, 'recalld.' || quote_ident(relname) as place, relkind as kind, relowner as owner,
           relispartition as is_partition, relrowsecurity as row_security, relforcerowsecurity as forced,
           case when relname = any (%(installation_wide)s::text[]) then '{}'
                when relname = any (%(tenant_wide)s::text[]) then '{tenant_id}'
                else '{tenant_id,user_id}' end::text[] as scope
    from pg_class where relnamespace = to_regnamespace('recalld') and relkind in ('r', 'p', 'f')
),
scoped as (
    select *, (select string_agg(format('(%%s = ( SELECT recalld.context(%%L::text)))', s, s), ' AND ' order by s) from unnest(scope) as s)
              as expression
    from tables where scope <> '{}'
),
columns as (
    select t.oid as table_oid, t.name as table_name, t.place, a.attnum, a.attname as name, a.attnotnull, a.atttypid, a.attcollation
    from tables as t join pg_attribute as a on a.attrelid = t.oid where a.attnum > 0 and not a.attisdropped
),
policies as (
    select t.oid as table_oid, t.name || '.' || p.polname as name, format('policy %%I on %%s', p.polname, t.place) as place,
           case when cardinality(t.scope) = 1 then t.expression else '(' || t.expression || ')' end as expression,
           p.polcmd as command, p.polpermissive as permissive, p.polroles as roles,
           t.name || '.' || p.polname = any (%(cross_user_policies)s::text[]) and p.polcmd = 'r'
               and p.polroles <@ (select array_agg(oid) from groups where name = any (%(narrow_roles)s::text[])) as cross_user,
           replace(pg_get_expr(p.polqual, t.oid), ' AS context', '') as reads,
           replace(pg_get_expr(coalesce(p.polwithcheck, p.polqual), t.oid), ' AS context', '') as writes
    from scoped as t join pg_policy as p on p.polrelid = t.oid
),
applied as (  -- which permissive policy applies to which role and command; a role gets those of the roles it is in as well
    select p.table_oid, p.name, r.oid as role_oid, c.command
    from policies as p
    join groups as r on exists (select from unnest(p.roles) as of_role where of_role = 0 or pg_has_role(r.oid, of_role, 'usage'))
    join (values ('r'), ('a'), ('w'), ('d')) as c (command) on p.command in ('*', c.command::"char")
    where p.permissive
),
allowed as (  -- what a role may do with a table, whichever way it came to the right
    select t.oid as table_oid, t.place, t.scope, r.oid as role_oid, r.name as role_name, c.command, c.privilege
    from tables as t cross join groups as r
    cross join (values ('r', 'select'), ('a', 'insert'), ('w', 'update'), ('d', 'delete')) as c (command, privilege)
    where has_table_privilege(r.oid, t.oid, c.privilege)
       or c.command <> 'd' and has_any_column_privilege(r.oid, t.oid, c.privilege)
),
functions as (
    select f.oid, f.oid::regprocedure::text as place, n.nspname as schema, f.proowner as owner, f.provolatile as volatility,
           f.prosecdef, f.proleakproof, f.proconfig, f.proacl
    from pg_proc as f join pg_namespace as n on n.oid = f.pronamespace where n.nspname in ('recalld', 'recalld_jobs')
),
views as (  -- ours, and those of others that read our tables
    select v.oid, v.oid::regclass::text as place, v.relkind as kind, v.reloptions
    from pg_class as v
    where v.relkind in ('v', 'm') and (
        v.relnamespace = to_regnamespace('recalld')
        or v.oid in (select r.ev_class from pg_rewrite as r join pg_depend as d on d.classid = 'pg_rewrite'::regclass and d.objid = r.oid
                     join tables as t on d.refclassid = 'pg_class'::regclass and d.refobjid = t.oid))
),
unique_indexes as (
    select i.indexrelid::regclass::text as place, t.scope,
           array(select a.attname::text from unnest(i.indkey::int2[]) with ordinality as k (attnum, place)
                 join pg_attribute as a on a.attrelid = t.oid and a.attnum = k.attnum
                 where k.place <= cardinality(t.scope) order by k.place) as first_columns
    from scoped as t join pg_index as i on i.indrelid = t.oid where i.indisunique or i.indisexclusion
),
foreign_keys as (
    select format('%%I on %%s', k.conname, t.place) as place,
           array(select of_both from unnest(t.scope) as of_both where of_both = any (r.scope)) as scope,
           array(select c.name::text from unnest(k.conkey, k.confkey) as pair (here, there)
                 join columns as c on c.table_oid = t.oid and c.attnum = pair.here
                 join columns as o on o.table_oid = r.oid and o.attnum = pair.there and o.name = c.name) as same_columns
    from scoped as t join pg_constraint as k on k.conrelid = t.oid and k.contype = 'f' join scoped as r on r.oid = k.confrelid
),
grants as (
    select 'table' as kind, c.oid as of_oid, c.oid::regclass::text as place, c.relnamespace::regnamespace::text as schema,
           c.relkind, c.relispartition, a.grantee, a.privilege_type as privilege
    from pg_class as c cross join aclexplode(c.relacl) as a
    where c.relnamespace in (to_regnamespace('recalld'), to_regnamespace('recalld_jobs')) and a.grantee <> c.relowner
    union all
    select 'column', c.oid, format('%%s (%%I)', c.oid::regclass, k.attname), c.relnamespace::regnamespace::text,
           c.relkind, c.relispartition, a.grantee, a.privilege_type
    from pg_class as c join pg_attribute as k on k.attrelid = c.oid cross join aclexplode(k.attacl) as a
    where c.relnamespace in (to_regnamespace('recalld'), to_regnamespace('recalld_jobs')) and a.grantee <> c.relowner
    union all  -- a function without a list of grants may be run by everybody
    select 'function', f.oid, f.place, f.schema, null, false, a.grantee, a.privilege_type
    from functions as f cross join aclexplode(coalesce(f.proacl, acldefault('f', f.owner))) as a where a.grantee <> f.owner
    union all
    select 'schema', n.oid, 'schema ' || n.nspname, n.nspname, null, false, a.grantee, a.privilege_type
    from pg_namespace as n cross join aclexplode(n.nspacl) as a
    where n.nspname in ('recalld', 'recalld_jobs') and a.grantee <> n.nspowner
)

-- ---------------------------------------------------------------- tables
select 'table_missing' as rule, 'recalld.' || wanted as place
from unnest(%(expected_tables)s::text[]) as wanted where wanted not in (select name from tables)

union all select 'row_security_off', place from scoped where not row_security

-- Without FORCE the owner sees everything. In a distributed database FORCE stops the moving of shards, and no serving role is the owner.
union all select 'row_security_not_forced', place from scoped where row_security and not forced and not %(distributed)s::boolean

-- A collation that calls two ids equal would make one tenant of two.
union all select 'scope_column_unsafe', format('%%s (%%I)', t.place, wanted)
from scoped as t cross join unnest(t.scope) as wanted
where not exists (select from columns as c where c.table_oid = t.oid and c.name = wanted
                  and c.attnotnull and c.atttypid = 'text'::regtype and c.attcollation = 'pg_catalog."C"'::regcollation)

-- A global key tells by its error that somebody else has the same one.
union all select 'unique_index_unscoped', place from unique_indexes where first_columns <> scope

-- A key to another tenant's row tells that it exists, and its cascade deletes here.
union all select 'foreign_key_unscoped', place from foreign_keys where not same_columns @> scope

union all select 'trigger_present', format('%%I on %%s', g.tgname, t.place)
from tables as t join pg_trigger as g on g.tgrelid = t.oid where not g.tgisinternal

union all select 'rule_present', format('%%I on %%s', w.rulename, t.place)
from tables as t join pg_rewrite as w on w.ev_class = t.oid

-- ---------------------------------------------------------------- policies
-- Permissive policies are joined by OR: each further one can only show more.
union all select 'policies_add_up', format('%%s: %%s for %%s', a.table_oid::regclass, string_agg(a.name, ', ' order by a.name), r.name)
from (select distinct table_oid, role_oid, name from applied natural join (
          select table_oid, role_oid, command from applied group by table_oid, role_oid, command having count(*) > 1) as doubled) as a
join groups as r on r.oid = a.role_oid group by a.table_oid, r.name

union all select 'policy_always_true', place from policies where 'true' in (reads, writes) and not cross_user

-- Exactly the scope, nothing more or less: "or the setting is null" has shown everything to everybody before.
union all select 'policy_unscoped', place from policies
where permissive and 'true' not in (coalesce(reads, ''), coalesce(writes, ''))
  and (command <> 'a' and reads is distinct from expression or command not in ('r', 'd') and writes is distinct from expression)
  and not cross_user

-- A right without a policy is a statement that silently touches nothing.
union all select 'policy_missing', format('%%s: %%s for %%s', a.place, a.privilege, a.role_name)
from allowed as a where a.scope <> '{}' and not exists (
    select from applied as p where p.table_oid = a.table_oid and p.role_oid = a.role_oid and p.command = a.command)

-- A purpose policy that reaches the eraser makes DELETE remove nothing, without an error.
union all select 'purpose_policy_spreads', p.place from policies as p
where not p.permissive and not p.roles <@ (select array_agg(oid) from groups where name = 'recalld_app')

union all select 'purpose_policy_missing', a.place
from allowed as a join columns as c on c.table_oid = a.table_oid and c.name = 'purpose'
where a.role_name = 'recalld_app' and a.command = 'r' and 'user_id' = any (a.scope) and c.table_name <> all (%(purpose_free)s::text[])
  and not exists (
      select from policies as p join groups as r on r.oid = any (p.roles)
      where p.table_oid = a.table_oid and not p.permissive and p.command in ('r', '*') and r.name = 'recalld_app'
        and p.reads = '(purpose = ANY (string_to_array(( SELECT recalld.context(''purposes''::text)), '',''::text)))')

-- ---------------------------------------------------------------- views and functions
union all select 'view_unsafe', place from views as v
where kind = 'v' and not exists (
    select from pg_options_to_table(v.reloptions) where option_name = 'security_invoker' and option_value::boolean)

union all select 'materialized_view', place from views where kind = 'm'

union all select 'security_definer', place from functions where prosecdef

union all select 'leakproof_function', place from functions where proleakproof

-- An immutable one is folded into a cached plan: the next tenant got the previous one's rows.
union all select distinct 'policy_function_unsafe', f.oid::regprocedure::text
from pg_depend as d join policies as p on true join pg_policy as y on y.polrelid = p.table_oid and y.oid = d.objid
join pg_proc as f on d.refclassid = 'pg_proc'::regclass and f.oid = d.refobjid
where d.classid = 'pg_policy'::regclass
  and (f.provolatile <> 's' or f.proconfig is null or not f.proconfig @> '{search_path=pg_catalog}')

-- ---------------------------------------------------------------- grants
union all select 'public_grant', format('%%s on %%s', lower(privilege), place) from grants where grantee = 0

-- TRUNCATE ignores row-level security, REFERENCES probes for rows, TRIGGER runs code as whoever writes, MAINTAIN locks.
union all select 'dangerous_grant', format('%%s on %%s to %%s', lower(privilege), place, grantee::regrole)
from grants where schema = 'recalld' and privilege in ('TRUNCATE', 'REFERENCES', 'TRIGGER', 'MAINTAIN')

-- A partition that is read by its own name is not behind its parent's policies.
union all select 'partition_grant', format('%%s on %%s', lower(privilege), place) from grants where schema = 'recalld' and relispartition

-- Its last value tells how much everybody writes.
union all select 'sequence_grant', format('%%s on %%s', lower(privilege), place) from grants where schema = 'recalld' and relkind = 'S'

union all select 'content_readable', format('%%s (%%I) by %%s', c.place, c.name, r.name)
from columns as c cross join groups as r
where r.name = any (%(narrow_roles)s::text[]) and has_column_privilege(r.oid, c.table_oid, c.attnum, 'select')
  and c.name <> all (%(plain_columns)s::text[]) and c.table_name || '.' || c.name <> all (%(plain_columns)s::text[])

union all select 'narrow_role_writes', format('%%s on %%s by %%s', privilege, place, role_name)
from allowed where role_name = any (%(narrow_roles)s::text[]) and command <> 'r'

-- ---------------------------------------------------------------- roles
union all select 'role_missing', wanted from unnest(%(group_roles)s::text[]) as wanted where wanted not in (select name from groups)

union all select 'role_too_powerful', name from serving where rolsuper or rolbypassrls or rolreplication or rolcreaterole

union all select distinct 'role_is_owner', format('%%s is %%s', s.name, o.rolname)
from serving as s join pg_roles as o on o.oid in (select owner from tables) and pg_has_role(s.oid, o.oid, 'member')

-- Rights and policies of a role reach its members.
union all select 'role_in_role', format('%%s in %%s', s.name, m.roleid::regrole)
from serving as s join pg_auth_members as m on m.member = s.oid
where m.roleid not in (select oid from groups where is_login or name = 'recalld_queue')

-- A statement outside a scoped transaction must be able to do nothing.
union all select 'login_inherits', format('%%s from %%s', s.name, g.name)
from serving as s join groups as g on pg_has_role(s.oid, g.oid, 'usage') where s.is_login and g.name <> 'recalld_queue'

-- Two owners: the online move of a distributed database's shards loses rows.
union all select 'owners_differ', format('%%s of %%s', t.place, t.owner::regrole)
from tables as t where t.owner <> (select nspowner from pg_namespace where nspname = 'recalld')
union all select 'owners_differ', format('%%s of %%s', f.place, f.owner::regrole)
from functions as f where f.schema = 'recalld' and f.owner <> (select nspowner from pg_namespace where nspname = 'recalld')

union all select 'owner_unsafe', o.rolname
from pg_namespace as n join pg_roles as o on o.oid = n.nspowner
where n.nspname = 'recalld' and (o.rolsuper or o.rolbypassrls or o.rolcanlogin)

-- A table or function of one's own, earlier in the search path, takes the place of ours.
union all select 'temporary_tables', format('%%s in database %%s', name, current_database())
from serving where has_database_privilege(oid, current_database(), 'temporary')

union all select 'may_create', format('%%s in schema %%I', s.name, n.nspname)
from serving as s join pg_namespace as n on n.nspname !~ '^pg_' and has_schema_privilege(s.oid, n.oid, 'create')
union all select 'may_create', format('%%s in database %%s', name, current_database())
from serving where has_database_privilege(oid, current_database(), 'create')

-- Unless pg_catalog comes first, a function or operator in another schema takes the place of a built-in one.
union all select 'search_path_unsafe', format('%%I before pg_catalog', %(first_schema)s::text) where %(first_schema)s::text <> 'pg_catalog'

order by 1, 2
