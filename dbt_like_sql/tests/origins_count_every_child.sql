-- The children of the origin table are those of the providers' placements, setting by setting of every type that the table has, and the
-- shares of a host's bands make a whole. A failure means that children are lost or counted twice between bands.
-- checks: curated.host_authority_origin
-- severity: blocks
with children as (
    select
        c.host_authority_code,
        c.provision_type,
        count(*) as children
    from core.setting_child as c
    where
        c.census_date = cast(:census_date as date)
        and (c.provision_type <> 'Other' or not c.is_urn_known)
    group by
        c.host_authority_code,
        c.provision_type
),

figures as (
    select
        o.host_authority_code,
        o.provision_type,
        sum(o.children) as children,
        sum(o.share) as share
    from curated.host_authority_origin as o
    where o.census_date = cast(:census_date as date)
    group by
        o.host_authority_code,
        o.provision_type
)

select
    coalesce(f.host_authority_code, c.host_authority_code) as host_authority_code,
    coalesce(f.provision_type, c.provision_type) as provision_type,
    f.children as children_in_bands,
    c.children as children_returned,
    f.share
from figures as f
full join children as c
    on f.host_authority_code = c.host_authority_code
    and f.provision_type = c.provision_type
where
    f.children is distinct from c.children
    or abs(f.share - 1) > 0.00001
