-- Bootstrap: what an administrator does once per database, before the first migration. Repeating it changes nothing.
--
-- Run by recalld.postgres.bootstrap, for the embedded server and for a server of your own. It works for a superuser and for the
-- administrator of a managed database (CREATEROLE, owner of the database). By hand, connected to the database:
--
--   set recalld.service_login = 'recalld_service';     set recalld.service_password = '…';
--   set recalld.migrator_login = 'recalld_migrator';   set recalld.migrator_password = '…';
--   \i bootstrap.sql
--
-- Group roles cannot log in, own no data except recalld_owner, and never bypass row-level security:
--   recalld_owner     owns the schema; nobody is it while serving
--   recalld_app       serves reads and writes of one user, within the purposes asked for
--   recalld_worker    ingests sessions of one user
--   recalld_eraser    deletes everything of one user, whatever its purpose
--   recalld_auditor   sees receipts and counts, no content
--   recalld_sweeper   sees the states of sessions of all users, no content
--   recalld_gate      looks up API keys before the tenant is known
--   recalld_queue     runs the job tables, which hold ids only

do $bootstrap$
declare
    service name := current_setting('recalld.service_login');
    migrator name := current_setting('recalld.migrator_login');
    groups name[] := array['recalld_owner', 'recalld_app', 'recalld_worker', 'recalld_eraser',
                           'recalld_auditor', 'recalld_sweeper', 'recalld_gate', 'recalld_queue'];
    role_name name;
begin
    -- roles: a new one is neither superuser nor able to bypass row-level security
    foreach role_name in array groups loop
        if not exists (select from pg_roles where rolname = role_name) then
            execute format('create role %I nologin', role_name);
        end if;
    end loop;
    foreach role_name in array array[service, migrator] loop
        if not exists (select from pg_roles where rolname = role_name) then
            execute format('create role %I login', role_name);
        end if;
    end loop;
    execute format('alter role %I password %L', service, current_setting('recalld.service_password'));
    execute format('alter role %I password %L', migrator, current_setting('recalld.migrator_password'));

    select rolname into role_name from pg_roles
    where rolname = any (groups || service || migrator) and (rolsuper or rolbypassrls or rolcreaterole or rolreplication) limit 1;
    if found then
        raise exception 'role % may bypass row-level security or make roles', role_name
            using errcode = 'invalid_role_specification', hint = 'take SUPERUSER, BYPASSRLS, CREATEROLE and REPLICATION from it';
    end if;
end
$bootstrap$;

-- memberships: without INHERIT the service login can do nothing until a transaction has chosen a role
do $bootstrap$
declare
    membership record;
begin
    for membership in
        select wanted.granted, wanted.member, wanted.inherits
        from (
            select unnest(array['recalld_app', 'recalld_worker', 'recalld_eraser', 'recalld_auditor', 'recalld_sweeper', 'recalld_gate']),
                   current_setting('recalld.service_login'), false
            union all
            select 'recalld_queue',
                   unnest(array['recalld_app', 'recalld_worker', 'recalld_eraser', 'recalld_sweeper', current_setting('recalld.service_login')]),
                   true
            union all
            select 'recalld_owner', current_setting('recalld.migrator_login'), true
        ) as wanted (granted, member, inherits)
        where not exists (
            select from pg_auth_members as present
            where present.roleid = (select oid from pg_roles where rolname = wanted.granted)
              and present.member = (select oid from pg_roles where rolname = wanted.member)
              and present.inherit_option = wanted.inherits and present.set_option
        )
    loop
        execute format('grant %I to %I with inherit %s, set true', membership.granted, membership.member, membership.inherits::text);
    end loop;
end
$bootstrap$;

-- the database: only the two logins may enter, nobody may make temporary tables (which could shadow ours)
do $bootstrap$
declare
    service name := current_setting('recalld.service_login');
    migrator name := current_setting('recalld.migrator_login');
begin
    execute format('revoke temporary, connect on database %I from public', current_database());
    execute format('grant connect on database %I to %I, %I', current_database(), service, migrator);
    execute format('grant create on database %I to recalld_owner', current_database());
    revoke create on schema public from public;
    if has_database_privilege(service, current_database(), 'temporary') or has_schema_privilege(service, 'public', 'create') then
        raise exception 'the login % may make tables of its own in database %', service, current_database()
            using errcode = 'insufficient_privilege', hint = 'run the bootstrap as the owner of the database';
    end if;
end
$bootstrap$;

create extension if not exists vector with schema public;

-- the queue's SQL is not schema-qualified, and the types of vectors are found by name; our own SQL always names its schema
-- (pg_catalog is not named: only so does it come first, and nothing in these schemas takes the place of what is built in)
do $bootstrap$
declare
    vector_schema name := (select nspname from pg_namespace join pg_extension on pg_namespace.oid = extnamespace where extname = 'vector');
    role_name name;
begin
    foreach role_name in array array[current_setting('recalld.service_login'), current_setting('recalld.migrator_login')]::name[] loop
        execute format('alter role %I in database %I set search_path = recalld_jobs, %I',
                       role_name, current_database(), vector_schema);
    end loop;
    if not has_schema_privilege('recalld_app', vector_schema, 'usage') then
        execute format('grant usage on schema %I to recalld_owner, recalld_app, recalld_worker, recalld_eraser, %I, %I',
                       vector_schema, current_setting('recalld.service_login'), current_setting('recalld.migrator_login'));
    end if;
end
$bootstrap$;

-- maintenance after a deep erasure (checkpoint, new log segment, vacuum); a managed server may refuse these, and goes without
do $bootstrap$
declare
    wish text;
begin
    foreach wish in array array['grant pg_checkpoint to %I', 'grant pg_maintain to %I',
                                'grant execute on function pg_catalog.pg_switch_wal() to %I'] loop
        begin
            execute format(wish, current_setting('recalld.migrator_login'));
        exception when insufficient_privilege or undefined_object or invalid_grant_operation then
            raise notice 'not granted: %', wish;
        end;
    end loop;
end
$bootstrap$;
