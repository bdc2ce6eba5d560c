-- Gains and losses of an authority's own foster carers in the quarter, by the kind of approval: from enquiry to approval, transfers, ends with
-- their reasons, and why places cannot be used at its end. conversion_rate: approvals as a share of enquiries, of one quarter, so not of the same
-- households. ended: all that ended, transfers aside; blank where the return gives no reason at all. net_households: approvals and transfers in
-- less ended and transfers out, nothing given counted as none; net_places the same of places, blank where neither is given. retention_rate: of the
-- households at the quarter's start, those that neither ended nor went to another service. A part that no row of the return gives is blank.
-- grain: census_date, authority_code, approval_type
with sent as (
    select
        f.sender as authority_code,
        f.approval_type,
        sum(f.households_at_start) as households_at_start,
        sum(f.enquiries) as enquiries,
        sum(f.applications) as applications,
        sum(f.approvals) as approvals,
        sum(f.transfers_in) as transfers_in,
        sum(f.transfers_out) as transfers_out,
        sum(f.ended_retired) as ended_retired,
        sum(f.ended_moved_agency) as ended_moved_agency,
        sum(f.ended_permanence) as ended_permanence,
        sum(f.ended_standards) as ended_standards,
        sum(f.ended_other) as ended_other,
        sum(f.places_gained) as places_gained,
        sum(f.places_lost) as places_lost,
        sum(f.na_carer_break) as na_carer_break,
        sum(f.na_health) as na_health,
        sum(f.na_matching) as na_matching,
        sum(f.na_review) as na_review,
        sum(f.na_other) as na_other,
        sum(f.approved_babies) as approved_babies,
        sum(f.approved_five_to_ten) as approved_five_to_ten,
        sum(f.approved_eleven_up) as approved_eleven_up,
        sum(f.approved_siblings) as approved_siblings,
        sum(f.approved_unaccompanied) as approved_unaccompanied
    from staging.fostering_gains as f
    where f.census_date = cast(:census_date as date)
    group by
        f.sender,
        f.approval_type
),

summed as (
    select
        s.authority_code,
        s.approval_type,
        s.households_at_start,
        s.enquiries,
        s.applications,
        s.approvals,
        s.transfers_in,
        s.transfers_out,
        s.ended_retired,
        s.ended_moved_agency,
        s.ended_permanence,
        s.ended_standards,
        s.ended_other,
        s.places_gained,
        s.places_lost,
        s.na_carer_break,
        s.na_health,
        s.na_matching,
        s.na_review,
        s.na_other,
        s.approved_babies,
        s.approved_five_to_ten,
        s.approved_eleven_up,
        s.approved_siblings,
        s.approved_unaccompanied,
        case
            when coalesce(s.ended_retired, s.ended_moved_agency, s.ended_permanence, s.ended_standards, s.ended_other) is not null
                then coalesce(s.ended_retired, 0) + coalesce(s.ended_moved_agency, 0) + coalesce(s.ended_permanence, 0)
                + coalesce(s.ended_standards, 0) + coalesce(s.ended_other, 0)
        end as ended
    from sent as s
)

select
    cast(:census_date as date) as census_date,
    s.authority_code,
    a.authority_gss,
    coalesce(a.authority_name, s.authority_code) as authority_name,
    s.approval_type,
    cast(s.households_at_start as integer) as households_at_start,
    cast(s.enquiries as integer) as enquiries,
    cast(s.applications as integer) as applications,
    cast(s.approvals as integer) as approvals,
    round(cast(s.approvals as numeric) / nullif(s.enquiries, 0), 6) as conversion_rate,
    cast(s.transfers_in as integer) as transfers_in,
    cast(s.transfers_out as integer) as transfers_out,
    cast(s.ended as integer) as ended,
    cast(s.ended_retired as integer) as ended_retired,
    cast(s.ended_moved_agency as integer) as ended_moved_agency,
    cast(s.ended_permanence as integer) as ended_permanence,
    cast(s.ended_standards as integer) as ended_standards,
    cast(s.ended_other as integer) as ended_other,
    cast(
        s.approvals + coalesce(s.transfers_in, 0) - coalesce(s.ended, 0) - coalesce(s.transfers_out, 0) as integer
    ) as net_households,
    cast(
        case when coalesce(s.places_gained, s.places_lost) is not null then coalesce(s.places_gained, 0) - coalesce(s.places_lost, 0) end as integer
    ) as net_places,
    case
        when s.ended is not null
            then round(1 - cast(s.ended + coalesce(s.transfers_out, 0) as numeric) / nullif(s.households_at_start, 0), 6)
    end as retention_rate,
    cast(s.na_carer_break as integer) as na_carer_break,
    cast(s.na_health as integer) as na_health,
    cast(s.na_matching as integer) as na_matching,
    cast(s.na_review as integer) as na_review,
    cast(s.na_other as integer) as na_other,
    cast(s.approved_babies as integer) as approved_babies,
    cast(s.approved_five_to_ten as integer) as approved_five_to_ten,
    cast(s.approved_eleven_up as integer) as approved_eleven_up,
    cast(s.approved_siblings as integer) as approved_siblings,
    cast(s.approved_unaccompanied as integer) as approved_unaccompanied
from summed as s
left join core.authority as a
    on a.census_date = cast(:census_date as date)
    and s.authority_code = a.authority_code
