-- name: rows
-- What is left of a user in PostgreSQL, per table.
select (select count(*) from recalld.messages m where m.tenant_id = %(tenant_id)s and m.user_id = %(user_id)s and m.epoch < %(epoch)s)
           as messages,
       (select count(*) from recalld.sessions s where s.tenant_id = %(tenant_id)s and s.user_id = %(user_id)s and s.epoch < %(epoch)s)
           as sessions,
       (select count(*) from recalld.facts f where f.tenant_id = %(tenant_id)s and f.user_id = %(user_id)s and f.epoch < %(epoch)s)
           as facts,
       (select count(*) from recalld.statements t where t.tenant_id = %(tenant_id)s and t.user_id = %(user_id)s and t.epoch < %(epoch)s)
           as statements,
       (select count(*) from recalld.episodes e where e.tenant_id = %(tenant_id)s and e.user_id = %(user_id)s and e.epoch < %(epoch)s)
           as episodes,
       (select count(*) from recalld.vectors v where v.tenant_id = %(tenant_id)s and v.user_id = %(user_id)s and v.epoch < %(epoch)s)
           as vectors,
       (select count(*) from recalld.usage g where g.tenant_id = %(tenant_id)s and g.user_id = %(user_id)s and g.epoch < %(epoch)s)
           as usage,
       (select count(*) from recalld.requests r where r.tenant_id = %(tenant_id)s and r.user_id = %(user_id)s and r.epoch < %(epoch)s)
           as requests,
       (select count(*) from recalld.consents c where c.tenant_id = %(tenant_id)s and c.user_id = %(user_id)s and c.epoch < %(epoch)s)
           as consents,
       (select count(*) from recalld.removals l where l.tenant_id = %(tenant_id)s and l.user_id = %(user_id)s and l.epoch < %(epoch)s)
           as removals

-- name: jobs
-- What is left of a user in the queue; what runs is removed by its worker, or by the second pass.
select count(*) as jobs from recalld_jobs.procrastinate_jobs
where args ->> 'tenant_id' = %(tenant_id)s and args ->> 'user_id' = %(user_id)s and (args ->> 'epoch')::bigint < %(epoch)s::bigint
  and (status <> 'doing' or %(running)s)

-- name: returned
-- Episodes of a person who has returned.
select e.episode_id from recalld.episodes e where e.tenant_id = %(tenant_id)s and e.user_id = %(user_id)s and e.epoch >= %(epoch)s
