-- Young people of 16 and 17, those placed after 18, and care leavers, by breakdown and category. The share is of the breakdown.
-- supported accommodation, 16 and 17: those whom the placement census has there, by Ofsted's category. 18th birthday: children looked after of 16 and
-- 17 by the SSDA903, by the quarter's end by which they turn 18 (the month of birth is what is kept). placed after 18: rows of the placement census
-- after 18, by kind; in fostering they are Staying Put. Supported Lodgings: rows of the census in category 4, by status. care leavers: the SSDA903's
-- OC3 of the return that counts, by accommodation, its suitability, contact and activity. unaccompanied: children looked after, with what the
-- national transfer scheme's share (a setting of the region) of the population aged 0 to 17 comes to.
-- grain: census_date, authority_code, breakdown, category
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

bought as (
    select
        p.placing_authority_code as authority_code,
        p.is_looked_after,
        p.age,
        p.provision_type,
        p.type_of_provision,
        t.mark
    from core.placement as p
    left join staging.type_of_provision as t
        on p.type_of_provision = t.type_of_provision
    where p.census_date = cast(:census_date as date)
),

births as (
    select
        h.authority_code,
        h.child_key,
        min(h.birth_month) as birth_month
    from staging.ssda903_header as h
    inner join returned as r
        on h.authority_code = r.authority_code
        and h.sender = r.sender
        and coalesce(h.year, '') = r.year
    where h.census_date = cast(:census_date as date)
    group by
        h.authority_code,
        h.child_key
),

leavers as (
    select
        o.authority_code,
        o.in_touch,
        o.activity,
        o.accommodation
    from staging.ssda903_oc3 as o
    inner join returned as r
        on o.authority_code = r.authority_code
        and o.sender = r.sender
        and coalesce(o.year, '') = r.year
    where o.census_date = cast(:census_date as date)
),

told as (
    select
        b.authority_code,
        'supported accommodation, 16 and 17' as breakdown,
        case
            when position('category' in b.mark) = 1 then concat('Category ', right(b.mark, 1))
            else 'Not known'
        end as category
    from bought as b
    where
        b.is_looked_after
        and b.age in (16, 17)
        and b.provision_type = 'Supported accommodation'
    union all
    select
        c.authority_code,
        '18th birthday' as breakdown,
        coalesce(
            to_char(
                date_trunc('quarter', cast(b.birth_month || '-01' as date) + interval '18 years') + interval '3 months' - interval '1 day',
                'YYYY-MM-DD'
            ),
            'Not known'
        ) as category
    from core.child as c
    left join births as b
        on c.authority_code = b.authority_code
        and c.child_key = b.child_key
    where
        c.census_date = cast(:census_date as date)
        and c.age in (16, 17)
    union all
    select
        b.authority_code,
        'placed after 18' as breakdown,
        case
            when position('fostering' in lower(b.type_of_provision)) = 1 or b.provision_type in ('Independent fostering', 'In-house fostering')
                then 'Staying Put'
            when b.mark = 'category 4' then 'Supported Lodgings'
            else b.provision_type
        end as category
    from bought as b
    where not b.is_looked_after
    union all
    select
        b.authority_code,
        'Supported Lodgings' as breakdown,
        case when b.is_looked_after then 'Looked after' else 'Placed after 18' end as category
    from bought as b
    where b.mark = 'category 4'
    union all
    select
        l.authority_code,
        v.breakdown,
        case v.breakdown
            when 'care leavers, accommodation' then coalesce(m.meaning, 'Not known')
            when 'care leavers, suitability' then coalesce(m.suitability, 'Not known')
            when 'care leavers, contact' then coalesce(i.meaning, 'Not known')
            else coalesce(y.activity_group, 'Not known')
        end as category
    from leavers as l
    left join staging.accommodation_903 as m
        on l.accommodation = m.accommodation
    left join staging.in_touch_903 as i
        on l.in_touch = i.in_touch
    left join staging.activity_903 as y
        on l.activity = y.activity
    cross join (
        values
        ('care leavers, accommodation'),
        ('care leavers, suitability'),
        ('care leavers, contact'),
        ('care leavers, activity')
    ) as v (breakdown)
),

counted as (
    select
        t.authority_code,
        t.breakdown,
        t.category,
        count(*) as children,
        sum(count(*)) over (partition by t.authority_code, t.breakdown) as children_of_all,
        cast(null as numeric) as expected_children
    from told as t
    group by
        t.authority_code,
        t.breakdown,
        t.category
    union all
    select
        r.authority_code,
        'unaccompanied' as breakdown,
        'Looked after' as category,
        count(c.child_key) as children,
        null as children_of_all,
        round(min(p.people) * min(m.transfer_scheme_rate), 1) as expected_children
    from returned as r
    left join core.child as c
        on c.census_date = cast(:census_date as date)
        and r.authority_code = c.authority_code
        and c.is_unaccompanied
    left join core.population as p
        on p.census_date = cast(:census_date as date)
        and r.authority_code = p.authority_code
    left join staging.region_member as m
        on r.authority_code = m.authority_code
    group by r.authority_code
)

select
    cast(:census_date as date) as census_date,
    c.authority_code,
    a.authority_gss,
    coalesce(a.authority_name, c.authority_code) as authority_name,
    c.breakdown,
    c.category,
    cast(c.children as integer) as children,
    round(cast(c.children as numeric) / nullif(c.children_of_all, 0), 6) as share,
    c.expected_children
from counted as c
left join core.authority as a
    on a.census_date = cast(:census_date as date)
    and c.authority_code = a.authority_code
