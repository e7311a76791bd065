-- Journals that outlive their ingestion: of sessions that the local summariser digested because the model could not. Runs as recalld_owner.

-- For how long a tenant lets them be kept, so that the model can digest them again; null: not at all.
alter table recalld.tenant_rules add column keep_journal_days integer check (keep_journal_days > 0);

-- Since when the journal is kept; null: it is open, waits, or went with the ingestion.
alter table recalld.sessions add column kept_at timestamptz;
create index sessions_kept on recalld.sessions (tenant_id, user_id, session_id) where kept_at is not null;
grant select (kept_at) on recalld.sessions to recalld_sweeper;
