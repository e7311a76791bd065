-- What an index outside PostgreSQL has yet to forget: ids of episodes that were deleted while it may have been away. Runs as recalld_owner.

create table recalld.removals (
    tenant_id text collate "C" not null,
    user_id text collate "C" not null,
    episode_id text collate "C" not null,
    epoch bigint not null,
    primary key (tenant_id, user_id, episode_id)
);
call recalld.protect('recalld.removals');
grant select, insert, update, delete on recalld.removals to recalld_worker;
grant select, delete on recalld.removals to recalld_eraser;
grant select (tenant_id, user_id, episode_id, epoch) on recalld.removals to recalld_auditor;
-- The sweeper finds them.
create policy all_removals on recalld.removals for select to recalld_sweeper using (true);
grant select (tenant_id, user_id, episode_id, epoch) on recalld.removals to recalld_sweeper;
