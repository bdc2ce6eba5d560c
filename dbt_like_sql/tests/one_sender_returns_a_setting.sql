-- A setting is returned by one sender. A row here was returned by several: the one received last counts, and the others' places and children
-- do not. Agree with the senders whose it is.
-- checks: core.setting_return
-- severity: warns
select
    s.urn,
    s.host_authority_code,
    count(distinct s.sender) as senders
from staging.provider_settings as s
where s.census_date = cast(:census_date as date)
group by
    s.urn,
    s.host_authority_code
having count(distinct s.sender) > 1
