-- name: raise_epoch
-- The fence: from here on every older writer drops its work and every read is empty. Waits for writers that hold the row.
update recalld.users set epoch = epoch + 1, facts_version = 0, episodes_version = 0
where tenant_id = %(tenant_id)s and user_id = %(user_id)s
returning epoch

-- name: begin
-- The erasure itself, committed with the fence and before anything is deleted.
insert into recalld.erasures (tenant_id, user_id, erasure_id, epoch, status, requested_at)
values (%(tenant_id)s, %(user_id)s, %(erasure_id)s, %(epoch)s, 'running', %(requested_at)s)

-- name: conclude
-- The receipt.
update recalld.erasures set status = %(status)s, verified_at = %(verified_at)s::timestamptz, receipt = %(receipt)s::jsonb
where tenant_id = %(tenant_id)s and user_id = %(user_id)s and erasure_id = %(erasure_id)s

-- name: fence_key
-- The installation's key, under which pseudonyms and signatures are made.
select value from recalld.installation where name = 'fence_key'

-- name: count_sessions
select count(*) as n from recalld.sessions where tenant_id = %(tenant_id)s and user_id = %(user_id)s and epoch < %(epoch)s

-- name: delete_sessions
delete from recalld.sessions where tenant_id = %(tenant_id)s and user_id = %(user_id)s and epoch < %(epoch)s

-- name: count_messages
select count(*) as n from recalld.messages where tenant_id = %(tenant_id)s and user_id = %(user_id)s and epoch < %(epoch)s

-- name: delete_messages
delete from recalld.messages where tenant_id = %(tenant_id)s and user_id = %(user_id)s and epoch < %(epoch)s

-- name: count_statements
select count(*) as n from recalld.statements where tenant_id = %(tenant_id)s and user_id = %(user_id)s and epoch < %(epoch)s

-- name: delete_statements
delete from recalld.statements where tenant_id = %(tenant_id)s and user_id = %(user_id)s and epoch < %(epoch)s

-- name: count_facts
select count(*) as n from recalld.facts where tenant_id = %(tenant_id)s and user_id = %(user_id)s and epoch < %(epoch)s

-- name: delete_facts
delete from recalld.facts where tenant_id = %(tenant_id)s and user_id = %(user_id)s and epoch < %(epoch)s

-- name: count_episodes
select count(*) as n from recalld.episodes where tenant_id = %(tenant_id)s and user_id = %(user_id)s and epoch < %(epoch)s

-- name: delete_episodes
delete from recalld.episodes where tenant_id = %(tenant_id)s and user_id = %(user_id)s and epoch < %(epoch)s

-- name: count_vectors
select count(*) as n from recalld.vectors where tenant_id = %(tenant_id)s and user_id = %(user_id)s and epoch < %(epoch)s

-- name: delete_vectors
delete from recalld.vectors where tenant_id = %(tenant_id)s and user_id = %(user_id)s and epoch < %(epoch)s
