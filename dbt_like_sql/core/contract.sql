-- Contracts of the authorities' registers on the census date: how near their end, break and review are, and what is placed under them. Past: before
-- the date; Red, Amber, Green: within 3, 6 and 12 months of it, month's end to month's end; Later; None where no day is given.
-- A placement is under a contract of its authority with its provider, by name: the one of the framework and lot that the setting's return names;
-- where it names none, or nobody returned the setting, the provider's contract with that authority, if there is one alone.
-- weekly_spend is of the placements whose cost is given. Of a region's own register the authority is the region.
-- grain: census_date, submission_id, sheet, row_number
with contracts as (
    select
        c.submission_id,
        c.sheet,
        c.row_number,
        c.sender as authority_code,
        c.contract_provider,
        trim(replace(replace(replace(lower(c.contract_provider), '.', ''), ' limited', ''), ' ltd', '')) as provider_key,
        c.framework,
        coalesce(c.lot, '') as lot,
        c.contract_start,
        c.contract_end,
        c.contract_break,
        c.contract_review,
        count(*) over (
            partition by c.sender, trim(replace(replace(replace(lower(c.contract_provider), '.', ''), ' limited', ''), ' ltd', ''))
        ) as contracts_of_provider
    from staging.contracts_register as c
    where c.census_date = cast(:census_date as date)
),

placed as (
    select
        c.submission_id,
        c.sheet,
        c.row_number,
        count(*) as placements,
        sum(p.total_weekly_cost) as weekly_spend
    from contracts as c
    inner join core.framework_placement as p
        on p.census_date = cast(:census_date as date)
        and c.authority_code = p.placing_authority_code
        and c.provider_key = p.provider_key
        and (
            (lower(c.framework) = lower(p.framework) and c.lot = p.lot)
            or (p.framework in ('None', 'Not known') and c.contracts_of_provider = 1)
        )
    group by
        c.submission_id,
        c.sheet,
        c.row_number
)

select
    cast(:census_date as date) as census_date,
    c.submission_id,
    c.sheet,
    c.row_number,
    c.authority_code,
    c.contract_provider,
    c.framework,
    c.lot,
    c.contract_start,
    c.contract_end,
    c.contract_break,
    c.contract_review,
    case
        when c.contract_end is null then 'None'
        when c.contract_end < cast(:census_date as date) then 'Past'
        when c.contract_end < cast(:census_date as date) + 1 + interval '3 months' then 'Red'
        when c.contract_end < cast(:census_date as date) + 1 + interval '6 months' then 'Amber'
        when c.contract_end < cast(:census_date as date) + 1 + interval '12 months' then 'Green'
        else 'Later'
    end as end_rag,
    case
        when c.contract_break is null then 'None'
        when c.contract_break < cast(:census_date as date) then 'Past'
        when c.contract_break < cast(:census_date as date) + 1 + interval '3 months' then 'Red'
        when c.contract_break < cast(:census_date as date) + 1 + interval '6 months' then 'Amber'
        when c.contract_break < cast(:census_date as date) + 1 + interval '12 months' then 'Green'
        else 'Later'
    end as break_rag,
    case
        when c.contract_review is null then 'None'
        when c.contract_review < cast(:census_date as date) then 'Past'
        when c.contract_review < cast(:census_date as date) + 1 + interval '3 months' then 'Red'
        when c.contract_review < cast(:census_date as date) + 1 + interval '6 months' then 'Amber'
        when c.contract_review < cast(:census_date as date) + 1 + interval '12 months' then 'Green'
        else 'Later'
    end as review_rag,
    cast(coalesce(p.placements, 0) as integer) as placements,
    p.weekly_spend
from contracts as c
left join placed as p
    on c.submission_id = p.submission_id
    and c.sheet = p.sheet
    and c.row_number = p.row_number
