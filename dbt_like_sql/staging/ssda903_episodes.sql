-- The SSDA903's episodes, typed, from the returns in force, with the ages, authority and distance that the door worked out.
-- grain: submission_id, sheet, row_number
-- kind: view
select
    r.submission_id,
    r.census_date,
    r.sender,
    r.sheet,
    r.row_number,
    r.authority_code,
    r.child_key,
    cast(r.decom as date) as decom,
    r.reason_new_episode,
    r.legal_status,
    r.category_of_need,
    r.place,
    r.place_provider,
    cast(r.dec as date) as dec,
    r.reason_episode_ceased,
    r.reason_place_change,
    r.placement_urn,
    r.year,
    cast(r.age as integer) as age,
    cast(r.age_at_start as integer) as age_at_start,
    cast(r.age_at_end as integer) as age_at_end,
    r.placement_authority_code,
    r.placement_key,
    cast(r.distance_miles as numeric) as distance_miles,
    cast(r.distance_is_approximate as boolean) as distance_is_approximate
from raw.ssda903_episodes as r
inner join raw.submission_table as t
    on r.submission_id = t.submission_id
    and t.table_name = 'ssda903_episodes'
    and t.status = 'in force'
where r.fate = 'loaded'
