-- Children looked after on the census date, each once, with what the figures need of them: from the SSDA903 of that date alone.
-- Looked after: an episode open on the date (begun on or before it, not ended on or before it), not under an agreed series of short breaks
-- (V3, V4), under 18, or 18 and over accommodated under section 20 (V2) in a community home (K2). An unknown age counts.
-- Placed with parents or for adoption there is no provision type: nobody provides the placement.
-- Source: DfE's test for <CLA_AT_31_MARCH>; data guidance to "Children looked after in England".
-- grain: census_date, authority_code, child_key
with returned as (
    select
        s.authority_code,
        s.sender,
        coalesce(s.year, '') as year
    from core.ssda903_return as s
    where
        s.census_date = cast(:census_date as date)
        and s.return_date = s.census_date
),

here as (
    select
        e.authority_code,
        r.sender,
        r.year,
        e.child_key,
        e.decom,
        e.legal_status,
        e.category_of_need,
        e.place_counted,
        e.place_provider,
        e.placement_urn,
        e.age,
        e.placement_authority_code,
        e.distance_miles,
        e.distance_is_approximate,
        e.period_number,
        e.period_start,
        e.period_start_is_known,
        e.began_as_short_break,
        e.placement_number,
        e.placement_start,
        row_number() over (partition by e.authority_code, e.child_key order by e.decom desc) as position
    from core.episode as e
    inner join returned as r
        on e.authority_code = r.authority_code
    where
        e.census_date = cast(:census_date as date)
        and e.return_date = e.census_date
        and e.dec is null
        and not e.is_short_break
        and (
            coalesce(e.age, 0) < 18
            or (e.legal_status = 'V2' and e.place_counted = 'K2')
        )
),

headers as (
    select
        h.authority_code,
        h.sender,
        coalesce(h.year, '') as year,
        h.child_key,
        min(h.sex) as sex,
        min(h.ethnic) as ethnic
    from staging.ssda903_header as h
    where h.census_date = cast(:census_date as date)
    group by
        h.authority_code,
        h.sender,
        coalesce(h.year, ''),
        h.child_key
),

unaccompanied as (
    select distinct
        u.authority_code,
        u.sender,
        coalesce(u.year, '') as year,
        u.child_key
    from staging.ssda903_uasc as u
    where
        u.census_date = cast(:census_date as date)
        and (u.duc is null or u.duc > cast(:census_date as date))
)

select
    cast(:census_date as date) as census_date,
    e.authority_code,
    e.child_key,
    e.decom,
    e.age,
    case
        when e.age < 1 then 'Under 1'
        when e.age < 5 then '1 to 4'
        when e.age < 10 then '5 to 9'
        when e.age < 16 then '10 to 15'
        when e.age >= 16 then '16 and over'
        else 'Not known'
    end as age_band,
    coalesce(nullif(h.sex, 'Unknown'), 'Not known') as sex,
    coalesce(g.ethnic_group, 'Refused or information not yet available') as ethnic_group,
    u.child_key is not null as is_unaccompanied,
    e.legal_status,
    coalesce(l.legal_status_group, 'Not known') as legal_status_group,
    e.category_of_need,
    e.place_counted,
    coalesce(nullif(p.placement_type, ''), 'Not known') as placement_type,
    case
        when e.place_counted = 'P1' then 'Parents or other person with parental responsibility'
        when e.place_provider = 'PR0' then 'Parents or other person with parental responsibility'
        when e.place_provider = 'PR1' then 'Own provision'
        when e.place_provider = 'PR2' then 'Other authority'
        when e.place_provider = 'PR3' then 'Other public'
        when e.place_provider = 'PR4' then 'Private'
        when e.place_provider = 'PR5' then 'Voluntary'
        else 'Not reported'
    end as placement_provider,
    case
        when p.provision_type = 'by provider' and e.place_provider = 'PR1' then 'In-house fostering'
        when p.provision_type = 'by provider' and e.place_provider in ('PR4', 'PR5') then 'Independent fostering'
        when p.provision_type in ('by provider', 'of the placement left') then 'Other'
        else nullif(p.provision_type, '')
    end as provision_type,
    e.place_provider,
    p.kinship = 'yes' as is_kinship,
    e.placement_urn,
    e.placement_authority_code,
    e.distance_miles,
    e.distance_is_approximate,
    e.period_number,
    e.period_start,
    e.period_start_is_known,
    e.began_as_short_break,
    e.placement_number,
    e.placement_start
from here as e
left join staging.place_903 as p
    on e.place_counted = p.place
left join staging.legal_status_903 as l
    on e.legal_status = l.legal_status
left join headers as h
    on e.authority_code = h.authority_code
    and e.sender = h.sender
    and e.year = h.year
    and e.child_key = h.child_key
left join staging.ethnic_903 as g
    on h.ethnic = g.ethnic
left join unaccompanied as u
    on e.authority_code = u.authority_code
    and e.sender = u.sender
    and e.year = u.year
    and e.child_key = u.child_key
where e.position = 1
