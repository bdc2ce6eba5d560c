-- What the children for whom an authority searches a home need, by the kind of home that was found (Not placed where none was yet) and by
-- its distance from home (the SSDA903's; Not placed, or not known or not recorded). Counts are of searches of the return: a child may have several.
-- A need that was not asked, not answered, or answered with Not known or Not specified is counted apart, and is no "no": the template does not
-- ask for sexual exploitation at all. A need has a row for each part of a breakdown in which the authority has a search, 0 included; the parts of
-- a breakdown add up to all its searches. Deprivation of liberty is left out: it is never shown beyond the authority, which has it row by row. Who
-- is not the authority itself reads counts to the nearest 5 without those of 0 to 7 (assets/access/policies.py).
-- grain: census_date, authority_code, category, breakdown, part
with searches as (
    select
        s.authority_code,
        s.is_placed,
        s.type_placed,
        s.distance_band,
        s.communication_needs,
        '; ' || s.communication_requirements || ';' as communication_requirements,
        s.home_adaptation,
        s.cultural_needs,
        s.living_companions,
        s.pets,
        '; ' || s.additional_support || ';' as additional_support,
        s.siblings_to_place_with,
        s.has_no_siblings,
        s.risk_self_harm,
        s.risk_criminal_exploitation,
        s.risk_drugs_and_alcohol,
        s.risk_eating_disorder,
        s.risk_going_missing,
        s.risk_sexual_exploitation,
        s.risk_to_others_physical_harm,
        s.risk_to_others_sexual_harm,
        s.risk_to_others_fire_setting,
        s.risk_to_others_harm_to_animals,
        s.risk_to_others_criminal_exploitation
    from curated.search as s
    where s.census_date = cast(:census_date as date)
),

needs as (
    select
        s.authority_code,
        v.category,
        coalesce(s.type_placed, case when s.is_placed then 'Type not known' else 'Not placed' end) as type_placed,
        coalesce(s.distance_band, 'Not placed') as distance_band,
        case v.category
            when 'Communication, language or learning needs' then nullif(s.communication_needs, 'Not Specified') = 'Yes'
            when 'Communication: ESOL' then position('; ESOL;' in s.communication_requirements) > 0
            when 'Communication: BSL' then position('; BSL;' in s.communication_requirements) > 0
            when 'Communication: Makaton' then position('; Makaton;' in s.communication_requirements) > 0
            when 'Communication: Other' then position('; Other;' in s.communication_requirements) > 0
            when 'Home to be adapted' then s.home_adaptation
            when 'Cultural needs' then nullif(s.cultural_needs, 'Not Known') in ('Required', 'Other')
            when 'Solo placement' then s.living_companions = 'Solo placement recommended'
            when 'With other children' then s.living_companions = 'With other children recommended'
            when 'Only with older children' then s.living_companions = 'Only with other older children'
            when 'Only with younger children' then s.living_companions = 'Only with other younger children'
            when 'Must live with animals' then nullif(s.pets, 'Not known') = 'Yes-must'
            when 'Must not live with animals' then nullif(s.pets, 'Not known') = 'No'
            when 'Support: additional supervision' then position('; Additional supervision;' in s.additional_support) > 0
            when 'Support: therapeutic support' then position('; Therapeutic support;' in s.additional_support) > 0
            when 'Support: a worker for respite' then position('; A worker for respite;' in s.additional_support) > 0
            when 'Support: taxis to school' then position('; Taxis to school;' in s.additional_support) > 0
            when 'Support: other' then position('; Other;' in s.additional_support) > 0
            when 'Siblings to live with' then case when s.has_no_siblings then false else s.siblings_to_place_with > 0 end
            when 'Risk: self-harm' then s.risk_self_harm = 'Risk Present'
            when 'Risk: criminal exploitation' then s.risk_criminal_exploitation = 'Risk Present'
            when 'Risk: drugs and alcohol' then s.risk_drugs_and_alcohol = 'Risk Present'
            when 'Risk: eating disorder' then s.risk_eating_disorder = 'Risk Present'
            when 'Risk: going missing' then s.risk_going_missing = 'Risk Present'
            when 'Risk: sexual exploitation' then s.risk_sexual_exploitation = 'Risk Present'
            when 'Risk: physical harm to others' then s.risk_to_others_physical_harm = 'Risk Present'
            when 'Risk: sexual harm to others' then s.risk_to_others_sexual_harm = 'Risk Present'
            when 'Risk: fire-setting' then s.risk_to_others_fire_setting = 'Risk Present'
            when 'Risk: harm to animals' then s.risk_to_others_harm_to_animals = 'Risk Present'
            when 'Risk: criminal exploitation of others' then s.risk_to_others_criminal_exploitation = 'Risk Present'
        end as has_need
    from searches as s
    cross join (
        values
        ('Communication, language or learning needs'),
        ('Communication: ESOL'),
        ('Communication: BSL'),
        ('Communication: Makaton'),
        ('Communication: Other'),
        ('Home to be adapted'),
        ('Cultural needs'),
        ('Solo placement'),
        ('With other children'),
        ('Only with older children'),
        ('Only with younger children'),
        ('Must live with animals'),
        ('Must not live with animals'),
        ('Support: additional supervision'),
        ('Support: therapeutic support'),
        ('Support: a worker for respite'),
        ('Support: taxis to school'),
        ('Support: other'),
        ('Siblings to live with'),
        ('Risk: self-harm'),
        ('Risk: criminal exploitation'),
        ('Risk: drugs and alcohol'),
        ('Risk: eating disorder'),
        ('Risk: going missing'),
        ('Risk: sexual exploitation'),
        ('Risk: physical harm to others'),
        ('Risk: sexual harm to others'),
        ('Risk: fire-setting'),
        ('Risk: harm to animals'),
        ('Risk: criminal exploitation of others')
    ) as v (category)
),

parts as (
    select
        n.authority_code,
        n.category,
        'type placed' as breakdown,
        n.type_placed as part,
        n.has_need
    from needs as n
    union all
    select
        n.authority_code,
        n.category,
        'distance' as breakdown,
        n.distance_band as part,
        n.has_need
    from needs as n
),

counted as (
    select
        p.authority_code,
        p.category,
        p.breakdown,
        p.part,
        count(*) as searches,
        sum(case when p.has_need then 1 else 0 end) as searches_with_need,
        sum(case when p.has_need is null then 1 else 0 end) as searches_not_asked
    from parts as p
    group by
        p.authority_code,
        p.category,
        p.breakdown,
        p.part
)

select
    cast(:census_date as date) as census_date,
    c.authority_code,
    a.authority_gss,
    coalesce(a.authority_name, c.authority_code) as authority_name,
    c.category,
    c.breakdown,
    c.part,
    cast(c.searches as integer) as searches,
    cast(c.searches_with_need as integer) as searches_with_need,
    cast(c.searches_not_asked as integer) as searches_not_asked
from counted as c
left join core.authority as a
    on a.census_date = cast(:census_date as date)
    and c.authority_code = a.authority_code
