-- name: versions
-- What distinguishes one state of a user's memory from the next; no row for an unknown user.
select epoch, facts_version, episodes_version from recalld.users where tenant_id = %(tenant_id)s and user_id = %(user_id)s
