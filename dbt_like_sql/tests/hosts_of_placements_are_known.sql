-- No authority has more than one placement in twenty whose host authority is unknown. A row here is an authority whose children cannot be
-- placed on the map, so that its own and its hosts' figures fall short: ask it for the establishments' URNs (for the host authority before
-- December 2025). From then on the return does not name the host, and only homes are held to this: a home's URN says where it stands, an
-- agency's and a supported accommodation provider's does not.
-- checks: core.placement
-- severity: warns
select
    p.placing_authority_code,
    count(*) as placements,
    sum(case when p.host_authority_code = 'UNKNOWN' then 1 else 0 end) as unknown
from core.placement as p
where
    p.census_date = cast(:census_date as date)
    and (
        p.census_date < (select min(b.broken_on) from staging.series_break as b where b.break_reason = 'layout_2025_12')
        or p.provision_type in ('Children''s home', 'Secure children''s home', 'Residential special school', 'Residential family centre')
    )
group by p.placing_authority_code
having sum(case when p.host_authority_code = 'UNKNOWN' then 1 else 0 end) * 20 > count(*)
