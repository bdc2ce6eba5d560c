-- Who lives in the settings on the census date, as the providers say: one row a child or young person, no identity.
-- The host authority is the row's own; else the one authority in which the return has the setting; else the one authority
-- in which the register has it (never for fostering); else UNKNOWN: it is not guessed.
-- A URN that no return and no register has (is_urn_known is false) is of no known type: its children are counted under Other, and
-- count. Those of a setting that the register has under a type that is no home for a child in care stay out of the figures
-- (in_figures is false).
-- The origin band is where a child comes from, seen from the host. host: placed by the host authority; sub_region: by another
-- authority of its sub-region; region_or_neighbour: by the rest of its region or an authority that borders it; elsewhere: by any
-- other, health or privately; unknown: the return says Unknown, or the host is not known.
-- Where two senders return the same setting, the children are those of the sender whose settings row counts. Of a URN that others
-- return, no child of a stranger's counts, whatever authority the row names as host; where several return it, each one's count in the
-- authorities in which its settings rows do. An authority's child at a URN that nobody returns counts in no area but its own (UNKNOWN):
-- who reads the figures must not add to another's as it likes.
-- grain: census_date, submission_id, sheet, row_number
with children as (
    select
        p.submission_id,
        p.census_date,
        p.sender,
        p.sheet,
        p.row_number,
        p.urn,
        p.placing_authority_code,
        p.placement_start_date,
        p.age,
        p.weekly_fee,
        p.sourcing_route,
        p.notice_given,
        p.host_authority_code
    from staging.provider_placements as p
    where p.census_date = cast(:census_date as date)
),

in_the_return as (
    select
        r.urn,
        min(r.host_authority_code) as host_authority_code,
        min(r.provision_type) as provision_type,
        count(*) as authorities,
        count(distinct r.sender) as senders
    from core.setting_return as r
    where r.census_date = cast(:census_date as date)
    group by r.urn
),

in_the_register as (
    select
        s.urn,
        min(s.host_authority_code) as host_authority_code,
        min(s.provision_type) as provision_type,
        count(*) as authorities
    from core.setting as s
    where s.census_date = cast(:census_date as date)
    group by s.urn
),

senders as (
    select distinct
        r.urn,
        r.sender
    from core.setting_return as r
    where r.census_date = cast(:census_date as date)
),

placed as (
    select
        c.submission_id,
        c.census_date,
        c.sender,
        c.sheet,
        c.row_number,
        c.urn,
        case
            when r.urn is null and a.authority_code <> coalesce(c.host_authority_code, g.host_authority_code) then 'UNKNOWN'
            else coalesce(
                c.host_authority_code,
                case when r.authorities = 1 then r.host_authority_code end,
                case
                    when r.authorities is null and g.authorities = 1 and g.provision_type <> 'Independent fostering'
                        then g.host_authority_code
                end,
                'UNKNOWN'
            )
        end as host_authority_code,
        coalesce(r.provision_type, g.provision_type, 'Other') as provision_type,
        r.urn is not null or g.urn is not null as is_urn_known,
        c.placing_authority_code,
        c.placement_start_date,
        c.age,
        c.weekly_fee,
        c.sourcing_route,
        coalesce(c.notice_given, false) as notice_given
    from children as c
    left join in_the_return as r
        on c.urn = r.urn
    left join in_the_register as g
        on c.urn = g.urn
    left join core.authority as a
        on a.census_date = cast(:census_date as date)
        and c.sender = a.authority_code
)

select
    p.submission_id,
    p.census_date,
    p.sender,
    p.sheet,
    p.row_number,
    p.urn,
    p.host_authority_code,
    p.provision_type,
    p.is_urn_known,
    t.provision_type is not null or not p.is_urn_known as in_figures,
    p.placing_authority_code,
    case
        when 'UNKNOWN' in (p.placing_authority_code, p.host_authority_code) then 'unknown'
        when p.placing_authority_code = p.host_authority_code then 'host'
        when h.sub_region_name = o.sub_region_name then 'sub_region'
        when h.region_code = o.region_code or n.neighbour_code is not null then 'region_or_neighbour'
        else 'elsewhere'
    end as origin_band,
    p.placement_start_date,
    p.age,
    p.weekly_fee,
    p.sourcing_route,
    p.notice_given
from placed as p
left join staging.provision_type as t
    on p.provision_type = t.provision_type
left join core.authority as h
    on h.census_date = cast(:census_date as date)
    and p.host_authority_code = h.authority_code
left join core.authority as o
    on o.census_date = cast(:census_date as date)
    and p.placing_authority_code = o.authority_code
left join staging.authority_neighbour as n
    on p.host_authority_code = n.authority_code
    and p.placing_authority_code = n.neighbour_code
left join core.setting_return as s
    on p.census_date = s.census_date
    and p.urn = s.urn
    and p.host_authority_code = s.host_authority_code
left join senders as k
    on p.urn = k.urn
    and p.sender = k.sender
left join in_the_return as r
    on p.urn = r.urn
where
    s.sender = p.sender
    or (
        s.sender is null
        and (r.urn is null or (k.urn is not null and (r.senders = 1 or p.host_authority_code = 'UNKNOWN')))
    )
