-- Referrals that the area's settings had in the quarter, and the offers they made, by the provider census. Only settings that give their
-- referrals count (settings_with_referrals), and vacant places are theirs alone, so that referrals per vacant place are of the same settings.
-- One child is referred to many settings: referrals are not children. Offers are blank where no such setting gives them.
-- grain: census_date, host_authority_code, provision_type
with told as (
    select
        r.host_authority_code,
        r.provision_type,
        sum(r.premises_returned) as settings,
        sum(r.referrals_received) as referrals,
        sum(r.offers_made) as offers,
        sum(case when r.offers_made is not null then r.referrals_received end) as referrals_with_offers,
        sum(r.vacant_places) as vacant
    from core.setting_return as r
    inner join staging.provision_type as k
        on r.provision_type = k.provision_type
    where
        r.census_date = cast(:census_date as date)
        and r.referrals_received is not null
    group by
        r.host_authority_code,
        r.provision_type
)

select
    cast(:census_date as date) as census_date,
    t.host_authority_code,
    h.authority_gss as host_authority_gss,
    coalesce(h.authority_name, t.host_authority_code) as host_authority_name,
    t.provision_type,
    cast(t.settings as integer) as settings_with_referrals,
    cast(t.referrals as integer) as referrals,
    cast(t.offers as integer) as offers,
    cast(t.vacant as integer) as vacant,
    round(cast(t.referrals as numeric) / nullif(t.vacant, 0), 6) as referrals_per_vacant_place,
    round(cast(t.offers as numeric) / nullif(t.referrals_with_offers, 0), 6) as offer_rate
from told as t
left join core.authority as h
    on h.census_date = cast(:census_date as date)
    and t.host_authority_code = h.authority_code
