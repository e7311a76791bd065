-- name: unfinished
-- Over all users, states only: ended sessions that are not memory yet, the oldest first.
select tenant_id, user_id, session_id, state, attempts, error, extract(epoch from now() - active_at)::float8 as seconds
from recalld.sessions where state in ('ended', 'failed') and (%(state)s::text is null or state = %(state)s::text)
order by active_at limit %(limit)s
