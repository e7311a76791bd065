-- When autovacuum looks after a table. Its default, a fifth of the rows, is 200 million dead rows on a table of a billion, and a vacuum that
-- then takes hours. Runs as recalld_owner.

-- Read by every turn: index-only scans and the visibility of new pages count. Two rows of a hundred are enough.
alter table recalld.users set (autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02);
alter table recalld.sessions set (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.05);
alter table recalld.facts set (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.05);
alter table recalld.statements set (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.05);
alter table recalld.episodes set (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.05);
alter table recalld.vectors set (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.05);

-- The journal turns over all the time: every row is written once and deleted at the end of its session. What is dead goes at once, so that
-- the table stays as small as what is open, and what people said leaves the disk soon.
alter table recalld.messages set (autovacuum_vacuum_scale_factor = 0.0, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_cost_delay = 0);
