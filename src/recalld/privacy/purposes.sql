-- name: refusal
-- Why nothing may be written for a person under a purpose; no row: it may.
select reason from (
    select case
        when exists (select from recalld.holds h where h.tenant_id = %(tenant_id)s and h.user_id = %(user_id)s) then 'held'
        when exists (select from recalld.tenant_rules r where r.tenant_id = %(tenant_id)s and r.closed_at is not null) then 'closed'
        when (select not c.given from recalld.consents c
              where c.tenant_id = %(tenant_id)s and c.user_id = %(user_id)s and c.purpose = %(purpose)s) then 'withdrawn'
        when not exists (select from recalld.purposes p where p.tenant_id = %(tenant_id)s) then null
        when not exists (select from recalld.purposes p
                         where p.tenant_id = %(tenant_id)s and p.purpose = %(purpose)s and p.withdrawn_at is null) then 'undeclared'
        when exists (select from recalld.purposes p where p.tenant_id = %(tenant_id)s and p.purpose = %(purpose)s and p.is_default) then null
        when exists (select from recalld.consents c
                     where c.tenant_id = %(tenant_id)s and c.user_id = %(user_id)s and c.purpose = %(purpose)s) then null
        else 'no consent' end as reason
) found where reason is not null

-- name: session_refusal
-- The same for the purpose of a session; no row for an unknown one.
select s.purpose, case
    when exists (select from recalld.holds h where h.tenant_id = %(tenant_id)s and h.user_id = %(user_id)s) then 'held'
    when exists (select from recalld.tenant_rules r where r.tenant_id = %(tenant_id)s and r.closed_at is not null) then 'closed'
    when c.given = false then 'withdrawn'
    when p.purpose is null or p.withdrawn_at is not null then 'undeclared'
    else 'no consent' end as reason
from recalld.sessions s
left join recalld.consents c
    on c.tenant_id = %(tenant_id)s and c.user_id = %(user_id)s and c.purpose = s.purpose
left join recalld.purposes p on p.tenant_id = %(tenant_id)s and p.purpose = s.purpose
where s.tenant_id = %(tenant_id)s and s.user_id = %(user_id)s and s.session_id = %(session_id)s
  and (c.given = false
       or exists (select from recalld.holds h where h.tenant_id = %(tenant_id)s and h.user_id = %(user_id)s)
       or exists (select from recalld.tenant_rules r where r.tenant_id = %(tenant_id)s and r.closed_at is not null)
       or (p.purpose is null or p.withdrawn_at is not null or not (p.is_default or coalesce(c.given, false)))
          and exists (select from recalld.purposes o where o.tenant_id = %(tenant_id)s))

-- name: list
-- What a tenant has declared.
select purpose, description, legal_basis, is_default, facts_days, episodes_days, declared_at, withdrawn_at from recalld.purposes
where tenant_id = %(tenant_id)s order by purpose

-- name: declare
-- A purpose, or another form of it.
insert into recalld.purposes as p (tenant_id, purpose, description, legal_basis, is_default, facts_days, episodes_days)
values (%(tenant_id)s, %(purpose)s, %(description)s, %(legal_basis)s, %(is_default)s, %(facts_days)s, %(episodes_days)s)
on conflict (tenant_id, purpose) do update
set description = excluded.description, legal_basis = excluded.legal_basis, is_default = excluded.is_default,
    facts_days = excluded.facts_days, episodes_days = excluded.episodes_days, withdrawn_at = null
returning purpose, description, legal_basis, is_default, facts_days, episodes_days, declared_at, withdrawn_at

-- name: withdraw
-- A purpose for which nothing more is written.
update recalld.purposes set withdrawn_at = coalesce(withdrawn_at, now())
where tenant_id = %(tenant_id)s and purpose = %(purpose)s
returning purpose

-- name: consents
-- What a person decided.
select purpose, given, decided_at from recalld.consents
where tenant_id = %(tenant_id)s and user_id = %(user_id)s and epoch = %(epoch)s order by purpose

-- name: decide
-- What a person decides.
insert into recalld.consents (tenant_id, user_id, purpose, epoch, given, decided_at)
values (%(tenant_id)s, %(user_id)s, %(purpose)s, %(epoch)s, %(given)s, %(decided_at)s)
on conflict (tenant_id, user_id, purpose) do update
set epoch = excluded.epoch, given = excluded.given, decided_at = excluded.decided_at

-- name: attributes
-- What was stated under a purpose.
select distinct attribute from recalld.statements
where tenant_id = %(tenant_id)s and user_id = %(user_id)s and epoch = %(epoch)s and purpose = %(purpose)s

-- name: delete_facts
delete from recalld.facts where tenant_id = %(tenant_id)s and user_id = %(user_id)s and purpose = %(purpose)s
returning fact_id

-- name: drop_facts
-- They are derived anew, under the other purpose.
delete from recalld.facts where tenant_id = %(tenant_id)s and user_id = %(user_id)s and epoch = %(epoch)s and purpose = %(purpose)s

-- name: delete_sessions
delete from recalld.sessions where tenant_id = %(tenant_id)s and user_id = %(user_id)s and purpose = %(purpose)s
returning session_id

-- name: delete_messages
delete from recalld.messages
where tenant_id = %(tenant_id)s and user_id = %(user_id)s and session_id = any(%(session_ids)s::text[])

-- name: delete_episodes
delete from recalld.episodes where tenant_id = %(tenant_id)s and user_id = %(user_id)s and purpose = %(purpose)s
returning episode_id

-- name: change_statements
update recalld.statements set purpose = %(to)s
where tenant_id = %(tenant_id)s and user_id = %(user_id)s and epoch = %(epoch)s and purpose = %(purpose)s

-- name: change_sessions
update recalld.sessions set purpose = %(to)s
where tenant_id = %(tenant_id)s and user_id = %(user_id)s and epoch = %(epoch)s and purpose = %(purpose)s

-- name: change_episodes
-- An index elsewhere gets them again with their purpose: they wait in its outbox.
update recalld.episodes set purpose = %(to)s, indexed_at = case when %(transactional)s then indexed_at end
where tenant_id = %(tenant_id)s and user_id = %(user_id)s and epoch = %(epoch)s and purpose = %(purpose)s

-- name: change_vectors
update recalld.vectors set purpose = %(to)s
where tenant_id = %(tenant_id)s and user_id = %(user_id)s and epoch = %(epoch)s and purpose = %(purpose)s
