-- Where settings are, closer than their authority: one row a URN in an authority of which a postcode is known. Ofsted's list to authorities tells
-- it (the newest on or before the census date; premises where that list is in use), else the setting's own return. Postcodes themselves are not kept:
-- the district (of a county alone; blank elsewhere) and the middle of the postcode's sector are. Where premises of one URN are in several
-- districts, or in several sectors, that is blank. Carers' homes are nobody's to know: fostering is not here.
-- grain: census_date, urn, host_authority_code
with told as (
    select
        h.urn,
        h.host_authority_code,
        h.district_code,
        h.sector_easting,
        h.sector_northing,
        'list to authorities' as place_source,
        1 as preference
    from staging.register_list_homes as h
    inner join core.register_in_use as u
        on h.census_date = u.register_as_at
    where
        u.census_date = cast(:census_date as date)
        and u.register_use = 'needs'
        and position('foster' in lower(h.ofsted_provision_type)) = 0
    union all
    select
        p.urn,
        p.host_authority_code,
        p.district_code,
        p.sector_easting,
        p.sector_northing,
        'list to authorities' as place_source,
        1 as preference
    from staging.register_list_premises as p
    inner join core.register_in_use as u
        on p.census_date = u.register_as_at
    where
        u.census_date = cast(:census_date as date)
        and u.register_use = 'premises'
        and u.register_table = 'register_list_premises'
    union all
    select
        s.urn,
        s.host_authority_code,
        s.district_code,
        s.sector_easting,
        s.sector_northing,
        'provider census' as place_source,
        2 as preference
    from staging.provider_settings as s
    inner join core.setting_return as r
        on s.census_date = r.census_date
        and s.urn = r.urn
        and s.host_authority_code = r.host_authority_code
        and s.sender = r.sender
    where
        s.census_date = cast(:census_date as date)
        and r.provision_type not in ('Independent fostering', 'In-house fostering')
),

ranked as (
    select
        t.urn,
        t.host_authority_code,
        d.district_code,
        t.sector_easting,
        t.sector_northing,
        t.place_source,
        dense_rank() over (partition by t.urn, t.host_authority_code order by t.preference) as position
    from told as t
    left join staging.district as d
        on t.district_code = d.district_code
        and t.host_authority_code = d.authority_code
    where t.sector_easting is not null
)

select
    cast(:census_date as date) as census_date,
    r.urn,
    r.host_authority_code,
    case
        when count(r.district_code) = count(*) and min(r.district_code) = max(r.district_code) then min(r.district_code)
    end as district_code,
    case when count(distinct (r.sector_easting, r.sector_northing)) = 1 then min(r.sector_easting) end as sector_easting,
    case when count(distinct (r.sector_easting, r.sector_northing)) = 1 then min(r.sector_northing) end as sector_northing,
    min(r.place_source) as place_source,
    cast(count(*) as integer) as premises_placed
from ranked as r
where r.position = 1
group by
    r.urn,
    r.host_authority_code
