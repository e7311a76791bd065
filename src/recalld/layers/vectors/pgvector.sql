-- name: delete
-- All parts of these episodes, of every epoch.
delete from recalld.vectors
where tenant_id = %(tenant_id)s and user_id = %(user_id)s and episode_id = any(%(episode_ids)s::text[])

-- name: delete_model
-- All parts of these episodes of one model, of every epoch.
delete from recalld.vectors
where tenant_id = %(tenant_id)s and user_id = %(user_id)s and episode_id = any(%(episode_ids)s::text[]) and model = %(model)s

-- name: free_parts
-- The first part of each of these episodes that is not taken.
select episode_id, max(part) + 1 as part from recalld.vectors
where tenant_id = %(tenant_id)s and user_id = %(user_id)s and episode_id = any(%(episode_ids)s::text[])
group by episode_id

-- name: delete_other_models
-- Vectors of other models, where the episode has some of this one.
delete from recalld.vectors v
where v.tenant_id = %(tenant_id)s and v.user_id = %(user_id)s and v.model <> %(model)s
  and exists (select from recalld.vectors n
              where n.tenant_id = %(tenant_id)s and n.user_id = %(user_id)s and n.episode_id = v.episode_id and n.model = %(model)s)

-- name: insert
-- One part of an episode's vectors.
insert into recalld.vectors (tenant_id, user_id, episode_id, part, epoch, purpose, ended_at, model, embeddings)
values (%(tenant_id)s, %(user_id)s, %(episode_id)s, %(part)s, %(epoch)s, %(purpose)s, %(ended_at)s, %(model)s, %(embeddings)s)

-- name: search
-- Episodes by their best vector: exact, along the primary key. `least` skips the places a part does not fill. Reading the places one by
-- one takes half the time of unnest() (3.6 against 8.5 ms for 30,000 vectors); `offset 0` keeps the vectors out of the sort for the
-- grouping, which would spill (4 against 26 ms). All vectors have length one, so <#> is minus the cosine.
select string_agg(episode_id, E'\n') as ids, string_agg(float8send(-distance), '') as similarities
from (
    select episode_id, min(distance) as distance
    from (
        select episode_id, least(
            embeddings[1] operator(public.<#>) %(vector)s, embeddings[2] operator(public.<#>) %(vector)s,
            embeddings[3] operator(public.<#>) %(vector)s, embeddings[4] operator(public.<#>) %(vector)s,
            embeddings[5] operator(public.<#>) %(vector)s, embeddings[6] operator(public.<#>) %(vector)s,
            embeddings[7] operator(public.<#>) %(vector)s, embeddings[8] operator(public.<#>) %(vector)s) as distance
        from recalld.vectors
        where tenant_id = %(tenant_id)s and user_id = %(user_id)s and model = %(model)s
          and epoch = coalesce(%(epoch)s::bigint, (select u.epoch from recalld.users u
                                                   where u.tenant_id = %(tenant_id)s and u.user_id = %(user_id)s))
          and purpose = any(%(purposes)s::text[])
          and (%(since)s::timestamptz is null or ended_at >= %(since)s::timestamptz)
          and (%(until)s::timestamptz is null or ended_at < %(until)s::timestamptz)
        offset 0
    ) parts
    group by episode_id
    order by distance, episode_id
    limit %(k)s
) nearest

-- name: all
-- All vectors of one model and epoch that the purposes allow, each part as PostgreSQL sends an array, packed into one value.
select string_agg(episode_id, E'\n') as ids, string_agg(int4send(cardinality(embeddings)), '') as counts,
       string_agg(array_send(embeddings), '') as parts
from recalld.vectors
where tenant_id = %(tenant_id)s and user_id = %(user_id)s and model = %(model)s and epoch = %(epoch)s::bigint
  and purpose = any(%(purposes)s::text[])

-- name: ids
-- The episodes that have vectors, of every epoch.
select distinct episode_id from recalld.vectors where tenant_id = %(tenant_id)s and user_id = %(user_id)s

-- name: erase
-- Everything of the user, of every epoch; how many episodes there were.
with gone as (
    delete from recalld.vectors where tenant_id = %(tenant_id)s and user_id = %(user_id)s returning episode_id
)
select count(distinct episode_id) as episodes from gone
