-- name: blank_message
-- One message of an open session, or of one whose journal is kept, without its words.
update recalld.messages m set content = %(blank)s, name = null
where m.tenant_id = %(tenant_id)s and m.user_id = %(user_id)s and m.session_id = %(session_id)s and m.seq = %(seq)s and m.epoch = %(epoch)s
  and exists (select from recalld.sessions s where s.tenant_id = %(tenant_id)s and s.user_id = %(user_id)s
              and s.session_id = %(session_id)s and s.epoch = %(epoch)s
              and (s.state = 'open' or s.kept_at is not null))
returning m.seq
