-- name: add_usage
-- Adds to a user's day. Nothing is written for a user erased since the work began, whose epoch is another one now, nor for an unknown one.
with fence as (
    select epoch from recalld.users where tenant_id = %(tenant_id)s and user_id = %(user_id)s for share
)
insert into recalld.usage as u (tenant_id, user_id, epoch, day, component, model, calls, failed, input_tokens, cached_tokens,
                                output_tokens, cost_usd, unpriced)
select %(tenant_id)s, %(user_id)s, fence.epoch, %(day)s::date, %(component)s, %(model)s, %(calls)s::bigint, %(failed)s::bigint,
       %(input_tokens)s::bigint, %(cached_tokens)s::bigint, %(output_tokens)s::bigint, %(cost_usd)s::numeric, %(unpriced)s::bigint
from fence where fence.epoch = coalesce(%(epoch)s::bigint, fence.epoch)
on conflict (tenant_id, user_id, epoch, day, component, model) do update
    set calls = u.calls + excluded.calls, failed = u.failed + excluded.failed,
        input_tokens = u.input_tokens + excluded.input_tokens, cached_tokens = u.cached_tokens + excluded.cached_tokens,
        output_tokens = u.output_tokens + excluded.output_tokens, cost_usd = u.cost_usd + excluded.cost_usd,
        unpriced = u.unpriced + excluded.unpriced

-- name: add_tenant_usage
-- Adds to the tenant's day; the row is locked until the transaction ends, so this is its last statement.
insert into recalld.tenant_usage as t (tenant_id, day, component, model, calls, failed, input_tokens, cached_tokens, output_tokens,
                                       cost_usd, unpriced)
values (%(tenant_id)s, %(day)s::date, %(component)s, %(model)s, %(calls)s::bigint, %(failed)s::bigint, %(input_tokens)s::bigint,
        %(cached_tokens)s::bigint, %(output_tokens)s::bigint, %(cost_usd)s::numeric, %(unpriced)s::bigint)
on conflict (tenant_id, day, component, model) do update
    set calls = t.calls + excluded.calls, failed = t.failed + excluded.failed,
        input_tokens = t.input_tokens + excluded.input_tokens, cached_tokens = t.cached_tokens + excluded.cached_tokens,
        output_tokens = t.output_tokens + excluded.output_tokens, cost_usd = t.cost_usd + excluded.cost_usd,
        unpriced = t.unpriced + excluded.unpriced

-- name: usage
-- A user's days in [since, until), one row per component and model.
select day, component, model, calls, failed, input_tokens, cached_tokens, output_tokens, cost_usd, unpriced from recalld.usage
where tenant_id = %(tenant_id)s and user_id = %(user_id)s and day >= %(since)s::date and day < %(until)s::date
order by day, component, model

-- name: tenant_usage
-- A tenant's days in [since, until), one row per component and model.
select day, component, model, calls, failed, input_tokens, cached_tokens, output_tokens, cost_usd, unpriced from recalld.tenant_usage
where tenant_id = %(tenant_id)s and day >= %(since)s::date and day < %(until)s::date
order by day, component, model

-- name: spent
-- Dollars spent in [since, until) by the user and by the whole tenant.
select coalesce((select sum(cost_usd) from recalld.usage
                 where tenant_id = %(tenant_id)s and user_id = %(user_id)s and day >= %(since)s::date and day < %(until)s::date), 0)
           as by_user,
       coalesce((select sum(cost_usd) from recalld.tenant_usage
                 where tenant_id = %(tenant_id)s and day >= %(since)s::date and day < %(until)s::date), 0)
           as by_tenant
