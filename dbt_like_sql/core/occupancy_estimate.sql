-- Occupied and vacant places of all that is registered: the count, and an estimate of the places that have not returned. One row an
-- authority of which a setting returned, a sub-region of the observatory's own region and that region, and provision type with places.
-- A missing place is given a rate: the mean of the settings that returned of its type, size and sector (where fewer than ten did, of
-- its type and sector, else of its type), and what its authority's and its owner's own returns are above or below their means, each
-- shrunk: by as much as authorities and owners really differ (their variances, by the method of moments over pairs of settings) beside
-- what few homes show by chance. No variance between authorities or owners is taken from few of them alone: it is put together with
-- that of a correlation of 0.02 between two places, which counts as much as four authorities would.
-- The interval is of 95 per cent: t times the standard error of prediction (settings, authorities, owners, and the means themselves),
-- in whole places outward, never below the count nor above the count and all missing places. It holds where who returned is chance,
-- or goes by size, sector, owner or authority. It does not where those who return are fuller or emptier than the like of them: for that is
-- the band, the interval widened by `missing_may_differ` (the region's own assumption) of the missing places at either end.
-- grain: census_date, area_level, area_code, provision_type
with settings as (
    select
        c.urn,
        c.host_authority_code,
        c.provision_type,
        c.sector,
        c.size_band,
        c.owner_group,
        c.places_covered,
        c.places - c.places_covered as places_missing,
        c.occupied_places,
        c.vacant_places
    from core.setting_coverage as c
    where
        c.census_date = cast(:census_date as date)
        and c.provision_type <> 'Independent fostering'
        and c.places > 0
),

-- Both measures, one below the other: what is worked out for one is worked out for the other.
measures as (
    select v.measure
    from (values ('occupied'), ('vacant')) as v (measure)
),

-- And so are authorities and owners: `whose` is one authority or one owner.
levels as (
    select v.level
    from (values ('authority'), ('owner')) as v (level)
),

seen as (
    select
        s.host_authority_code,
        s.provision_type,
        s.sector,
        s.size_band,
        s.owner_group,
        m.measure,
        cast(s.places_covered as numeric) as places,
        cast(case m.measure when 'occupied' then s.occupied_places else s.vacant_places end as numeric) as counted
    from settings as s
    cross join measures as m
    where
        s.places_covered > 0
        and case m.measure when 'occupied' then s.occupied_places else s.vacant_places end is not null
),

-- What is learned from, in groups from the narrowest to the widest.
groups as (
    select
        s.provision_type,
        s.measure,
        case when w.width <= 2 then s.sector end as sector,
        case when w.width = 1 then s.size_band end as size_band,
        w.width,
        count(*) as settings,
        sum(s.places) as places,
        sum(s.counted) as counted,
        sum(s.counted * s.counted / s.places) as squares
    from seen as s
    cross join (values (1), (2), (3)) as w (width)
    group by
        s.provision_type,
        s.measure,
        case when w.width <= 2 then s.sector end,
        case when w.width = 1 then s.size_band end,
        w.width
),

-- Mean rate of each group, and the variance of a setting about it per place: sum((y - r m)^2 / m) / (n - 1).
fitted as (
    select
        g.provision_type,
        g.measure,
        g.sector,
        g.size_band,
        g.width,
        g.places,
        g.places / g.settings as places_a_setting,
        least(1, g.counted / g.places) as mean,
        greatest(0, (g.squares - g.counted * g.counted / g.places) / (g.settings - 1)) as variance
    from groups as g
    where
        g.settings >= 10
        or (g.width = 3 and g.settings >= 2)
),

kinds as (
    select distinct
        s.provision_type,
        m.measure,
        s.sector,
        s.size_band
    from settings as s
    cross join (select distinct g.measure from groups as g) as m
),

ranked as (
    select
        k.provision_type,
        k.measure,
        k.sector,
        k.size_band,
        f.width,
        f.sector as group_sector,
        f.size_band as group_size_band,
        f.places as group_places,
        f.places_a_setting,
        f.mean,
        f.variance,
        row_number() over (
            partition by k.provision_type, k.measure, k.sector, k.size_band
            order by f.width
        ) as position
    from kinds as k
    inner join fitted as f
        on k.provision_type = f.provision_type
        and k.measure = f.measure
        and (f.width = 3 or k.sector = f.sector)
        and (f.width > 1 or k.size_band = f.size_band)
),

-- What each setting that returned is above or below its group's mean.
residuals as (
    select
        s.host_authority_code,
        s.provision_type,
        s.measure,
        s.owner_group,
        s.places,
        s.counted,
        s.counted - s.places * k.mean as residual,
        k.variance as group_variance,
        k.places_a_setting
    from seen as s
    inner join ranked as k
        on s.provision_type = k.provision_type
        and s.measure = k.measure
        and s.sector is not distinct from k.sector
        and s.size_band = k.size_band
        and k.position = 1
),

whole as (
    select
        r.provision_type,
        r.measure,
        count(*) as settings,
        sum(r.places) as places,
        sum(r.residual) as residual,
        sum(r.places * r.places) as places_squared,
        sum(r.residual * r.residual) as residual_squared,
        (least(sum(r.counted), sum(r.places)) + 1) * (greatest(sum(r.places) - sum(r.counted), 0) + 1)
        / ((sum(r.places) + 2) * (sum(r.places) + 2)) as chance
    from residuals as r
    group by
        r.provision_type,
        r.measure
),

by_both as (
    select
        r.provision_type,
        r.measure,
        r.host_authority_code,
        r.owner_group,
        count(*) as settings,
        sum(r.places) as places,
        sum(r.residual) as residual
    from residuals as r
    group by
        r.provision_type,
        r.measure,
        r.host_authority_code,
        r.owner_group
),

by_level as (
    select
        b.provision_type,
        b.measure,
        v.level,
        case v.level when 'authority' then b.host_authority_code else b.owner_group end as whose,
        sum(b.settings) as settings,
        sum(b.places) as places,
        sum(b.residual) as residual,
        sum(b.places * b.places) as mix
    from by_both as b
    cross join levels as v
    group by
        b.provision_type,
        b.measure,
        v.level,
        case v.level when 'authority' then b.host_authority_code else b.owner_group end
),

level_sums as (
    select
        l.provision_type,
        l.measure,
        count(case when l.level = 'authority' then 1 end) as authorities,
        count(case when l.level = 'owner' and l.settings > 1 then 1 end) as owners,
        sum(case when l.level = 'authority' then l.places * l.places end) as authority_places_squared,
        sum(case when l.level = 'owner' then l.places * l.places end) as owner_places_squared,
        sum(case when l.level = 'authority' then l.residual * l.residual end) as authority_residual_squared,
        sum(case when l.level = 'owner' then l.residual * l.residual end) as owner_residual_squared,
        sum(case when l.level = 'owner' then l.mix end) as both_places_squared
    from by_level as l
    group by
        l.provision_type,
        l.measure
),

-- Pairs of settings: their places multiplied (p) and their residuals multiplied (r), of all pairs, of one authority, of one owner, of both.
pairs as (
    select
        w.provision_type,
        w.measure,
        w.settings,
        w.places,
        w.chance,
        l.authorities,
        l.owners,
        l.authority_places_squared,
        l.owner_places_squared,
        w.places * w.places - w.places_squared as all_p,
        w.residual * w.residual - w.residual_squared as all_r,
        l.authority_places_squared - w.places_squared as authority_p,
        l.authority_residual_squared - w.residual_squared as authority_r,
        l.owner_places_squared - w.places_squared as owner_p,
        l.owner_residual_squared - w.residual_squared as owner_r,
        l.both_places_squared - w.places_squared as both_p
    from whole as w
    inner join level_sums as l
        on w.provision_type = l.provision_type
        and w.measure = l.measure
),

-- Expected of the residuals: all_r = base all_p + authority authority_p + owner owner_p, authority_r = base authority_p + authority
-- authority_p + owner both_p, owner_r = base owner_p + authority both_p + owner owner_p. Solved by Cramer's rule. Determinants are
-- taken over all_p authority_p owner_p, so that no number is the product of three of them: an engine has only so many digits.
shares as (
    select
        p.*,
        p.both_p / nullif(p.authority_p, 0) as both_of_authority,
        p.both_p / nullif(p.owner_p, 0) as both_of_owner,
        p.authority_p / nullif(p.all_p, 0) as authority_of_all,
        p.owner_p / nullif(p.all_p, 0) as owner_of_all,
        p.both_p / nullif(p.all_p, 0) as both_of_all,
        p.all_r / nullif(p.all_p, 0) as all_rate,
        p.authority_r / nullif(p.all_p, 0) as authority_rate_of_all,
        p.owner_r / nullif(p.all_p, 0) as owner_rate_of_all,
        p.authority_r / nullif(p.authority_p, 0) as authority_rate,
        p.owner_r / nullif(p.owner_p, 0) as owner_rate
    from pairs as p
),

solved as (
    select
        p.*,
        1 - p.both_of_authority * p.both_of_owner
        - (p.authority_of_all + p.owner_of_all - 2 * p.both_of_all) as determinant,
        p.authority_rate - p.both_of_authority * p.owner_rate
        - p.all_rate * (1 - p.both_of_authority)
        + p.owner_rate_of_all - p.authority_rate * p.owner_of_all as authority_part,
        p.owner_rate - p.authority_rate * p.both_of_owner
        + p.authority_rate_of_all - p.owner_rate * p.authority_of_all
        + p.all_rate * (p.both_of_owner - 1) as owner_part
    from shares as p
),

known as (
    select
        s.provision_type,
        s.measure,
        s.settings,
        s.places,
        s.chance,
        v.level,
        case v.level when 'authority' then s.authority_places_squared else s.owner_places_squared end as places_squared,
        case
            when s.determinant > 0.000001
                then greatest(0, case v.level when 'authority' then s.authorities else s.owners end - 1)
            else 0
        end as weight,
        case
            when s.determinant > 0.000001
                then greatest(0, case v.level when 'authority' then s.authority_part else s.owner_part end / s.determinant)
            else 0
        end as found
    from solved as s
    cross join levels as v
),

components as (
    select
        k.provision_type,
        k.measure,
        k.settings,
        k.places,
        k.chance,
        k.level,
        k.places_squared,
        k.weight + 4 as freedom,
        round(least(k.chance, (k.weight * k.found + 4 * 0.02 * k.chance) / (k.weight + 4)), 12) as variance
    from known as k
),

both_components as (
    select
        c.provision_type,
        c.measure,
        c.settings,
        c.chance,
        sum(c.variance) as variance,
        sum(c.variance * c.places_squared) / (c.places * c.places) as of_means
    from components as c
    group by
        c.provision_type,
        c.measure,
        c.settings,
        c.places,
        c.chance
),

-- Each kind of setting with its group's mean, and the variance per place that is the settings' own; places are never taken to be filled
-- more evenly than by chance.
rated as (
    select
        k.provision_type,
        k.measure,
        k.sector,
        k.size_band,
        k.width,
        k.group_sector,
        k.group_size_band,
        k.group_places,
        round(k.mean, 12) as mean,
        round(
            greatest(c.chance, k.variance - c.variance * k.places_a_setting), 12
        ) as variance
    from ranked as k
    inner join both_components as c
        on k.provision_type = c.provision_type
        and k.measure = c.measure
    where k.position = 1
),

seen_variance as (
    select
        s.provision_type,
        s.measure,
        s.host_authority_code,
        s.owner_group,
        s.places * k.variance as variance
    from seen as s
    inner join rated as k
        on s.provision_type = k.provision_type
        and s.measure = k.measure
        and s.sector is not distinct from k.sector
        and s.size_band = k.size_band
),

noise as (
    select
        n.provision_type,
        n.measure,
        v.level,
        case v.level when 'authority' then n.host_authority_code else n.owner_group end as whose,
        sum(n.variance) as variance
    from seen_variance as n
    cross join levels as v
    group by
        n.provision_type,
        n.measure,
        v.level,
        case v.level when 'authority' then n.host_authority_code else n.owner_group end
),

-- How much of what an authority's (an owner's) returns are above the mean is believed to be its own: 0 to 1.
effect as (
    select
        l.provision_type,
        l.measure,
        l.level,
        l.whose,
        l.residual / l.places as above,
        round(
            c.variance * l.places * l.places / (c.variance * l.places * l.places + (b.variance - c.variance) * l.mix + n.variance), 12
        ) as belief
    from by_level as l
    inner join components as c
        on l.provision_type = c.provision_type
        and l.measure = c.measure
        and l.level = c.level
    inner join both_components as b
        on l.provision_type = b.provision_type
        and l.measure = b.measure
    inner join noise as n
        on l.provision_type = n.provision_type
        and l.measure = n.measure
        and l.level = n.level
        and l.whose = n.whose
),

-- The areas of which an estimate is made: every authority by itself, and the observatory's own sub-regions and region.
own_region as (
    select distinct m.region_code
    from staging.region_member as m
),

areas as (
    select distinct
        'authority' as area_level,
        s.host_authority_code as area_code,
        s.host_authority_code as authority_code
    from settings as s
    where s.places_covered > 0
    union all
    select
        a.area_level,
        a.area_code,
        a.authority_code
    from core.area as a
    left join own_region as o
        on a.area_code = o.region_code
    where
        a.census_date = cast(:census_date as date)
        and (a.area_level = 'sub-region' or (a.area_level = 'region' and o.region_code is not null))
),

standing as (
    select
        a.area_level,
        a.area_code,
        s.provision_type,
        m.measure,
        s.host_authority_code,
        s.sector,
        s.size_band,
        s.owner_group,
        s.places_covered,
        s.places_missing
    from settings as s
    inner join areas as a
        on s.host_authority_code = a.authority_code
    cross join (select distinct k.measure from kinds as k) as m
),

-- Registered places of each area that returned and that did not, and whether there is a mean to give to those missing.
missing as (
    select
        t.area_level,
        t.area_code,
        t.provision_type,
        t.measure,
        sum(t.places_covered) as places_covered,
        sum(t.places_missing) as places_missing,
        bool_and(t.places_missing = 0 or k.mean is not null) as can_be_estimated,
        sum(
            t.places_missing * (
                k.mean + coalesce(e.belief * e.above, 0) + coalesce(o.belief * o.above, 0)
            )
        ) as predicted,
        sum(t.places_missing * k.variance) as setting_error
    from standing as t
    left join rated as k
        on t.provision_type = k.provision_type
        and t.measure = k.measure
        and t.sector is not distinct from k.sector
        and t.size_band = k.size_band
    left join effect as e
        on e.level = 'authority'
        and t.provision_type = e.provision_type
        and t.measure = e.measure
        and t.host_authority_code = e.whose
    left join effect as o
        on o.level = 'owner'
        and t.provision_type = o.provision_type
        and t.measure = o.measure
        and t.owner_group = o.whose
    group by
        t.area_level,
        t.area_code,
        t.provision_type,
        t.measure
),

missing_by_level as (
    select
        t.area_level,
        t.area_code,
        t.provision_type,
        t.measure,
        v.level,
        case v.level when 'authority' then t.host_authority_code else t.owner_group end as whose,
        sum(t.places_missing) as places
    from standing as t
    cross join levels as v
    where t.places_missing > 0
    group by
        t.area_level,
        t.area_code,
        t.provision_type,
        t.measure,
        v.level,
        case v.level when 'authority' then t.host_authority_code else t.owner_group end
),

missing_by_group as (
    select
        t.area_level,
        t.area_code,
        t.provision_type,
        t.measure,
        k.width,
        k.group_sector,
        k.group_size_band,
        k.group_places,
        avg(k.variance) as variance,
        sum(t.places_missing) as places
    from standing as t
    inner join rated as k
        on t.provision_type = k.provision_type
        and t.measure = k.measure
        and t.sector is not distinct from k.sector
        and t.size_band = k.size_band
    where t.places_missing > 0
    group by
        t.area_level,
        t.area_code,
        t.provision_type,
        t.measure,
        k.width,
        k.group_sector,
        k.group_size_band,
        k.group_places
),

level_error as (
    select
        m.area_level,
        m.area_code,
        m.provision_type,
        m.measure,
        m.level,
        sum(m.places * m.places * (1 - coalesce(e.belief, 0))) as places_squared
    from missing_by_level as m
    left join effect as e
        on m.provision_type = e.provision_type
        and m.measure = e.measure
        and m.level = e.level
        and m.whose = e.whose
    group by
        m.area_level,
        m.area_code,
        m.provision_type,
        m.measure,
        m.level
),

mean_error as (
    select
        m.area_level,
        m.area_code,
        m.provision_type,
        m.measure,
        sum(m.places * m.places * m.variance / m.group_places) as variance
    from missing_by_group as m
    group by
        m.area_level,
        m.area_code,
        m.provision_type,
        m.measure
),

-- The variance of what is predicted, by where it comes from (authorities, owners, the settings themselves), each with its degrees of freedom.
errors as (
    select
        m.area_level,
        m.area_code,
        m.provision_type,
        m.measure,
        c.variance * e.places_squared + m.places_missing * m.places_missing * b.of_means / 2 as variance,
        c.freedom
    from missing as m
    inner join components as c
        on m.provision_type = c.provision_type
        and m.measure = c.measure
    inner join both_components as b
        on m.provision_type = b.provision_type
        and m.measure = b.measure
    inner join level_error as e
        on m.area_level = e.area_level
        and m.area_code = e.area_code
        and m.provision_type = e.provision_type
        and m.measure = e.measure
        and c.level = e.level
    union all
    select
        m.area_level,
        m.area_code,
        m.provision_type,
        m.measure,
        m.setting_error + e.variance as variance,
        greatest(1, b.settings - 1) as freedom
    from missing as m
    inner join both_components as b
        on m.provision_type = b.provision_type
        and m.measure = b.measure
    inner join mean_error as e
        on m.area_level = e.area_level
        and m.area_code = e.area_code
        and m.provision_type = e.provision_type
        and m.measure = e.measure
),

freedoms as (
    select
        e.area_level,
        e.area_code,
        e.provision_type,
        e.measure,
        sum(e.variance) as variance,
        greatest(1, sum(e.variance) * sum(e.variance) / sum(e.variance * e.variance / e.freedom)) as freedom
    from errors as e
    group by
        e.area_level,
        e.area_code,
        e.provision_type,
        e.measure
),

-- The quantile of Student's t that 95 per cent lie within, by its expansion about that of the normal distribution.
halves as (
    select
        f.area_level,
        f.area_code,
        f.provision_type,
        f.measure,
        (
            1.96 + 2.372 / f.freedom + 2.823 / (f.freedom * f.freedom) + 2.556 / (f.freedom * f.freedom * f.freedom)
        ) * sqrt(f.variance) as half
    from freedoms as f
),

-- What was counted: of the settings that returned, those unknown to the register included.
counted as (
    select
        a.area_level,
        a.area_code,
        r.provision_type,
        sum(r.occupied_places) as occupied,
        sum(r.vacant_places) as vacant
    from core.setting_return as r
    inner join areas as a
        on r.host_authority_code = a.authority_code
    where r.census_date = cast(:census_date as date)
    group by
        a.area_level,
        a.area_code,
        r.provision_type
),

counts as (
    select
        m.area_level,
        m.area_code,
        m.provision_type,
        m.measure,
        m.places_missing,
        case when m.measure = 'occupied' then c.occupied else c.vacant end as counted,
        coalesce(m.predicted, 0) as predicted,
        coalesce(h.half, 0) as half
    from missing as m
    inner join counted as c
        on m.area_level = c.area_level
        and m.area_code = c.area_code
        and m.provision_type = c.provision_type
    left join halves as h
        on m.area_level = h.area_level
        and m.area_code = h.area_code
        and m.provision_type = h.provision_type
        and m.measure = h.measure
    where
        m.can_be_estimated
        and m.places_covered > 0
),

ends as (
    select
        c.area_level,
        c.area_code,
        c.provision_type,
        c.measure,
        c.places_missing,
        c.counted,
        c.counted + least(greatest(c.predicted, 0), c.places_missing) as estimate,
        c.half
    from counts as c
),

assumed as (
    select max(m.missing_may_differ) as share
    from staging.region_member as m
),

intervals as (
    select
        e.area_level,
        e.area_code,
        e.provision_type,
        e.measure,
        e.places_missing,
        e.counted,
        round(e.estimate, 1) as estimate,
        greatest(e.counted, floor(e.estimate - e.half)) as low,
        least(e.counted + e.places_missing, ceil(e.estimate + e.half)) as high,
        greatest(e.counted, floor(e.estimate - e.half - a.share * e.places_missing)) as band_low,
        least(e.counted + e.places_missing, ceil(e.estimate + e.half + a.share * e.places_missing)) as band_high,
        a.share
    from ends as e
    cross join assumed as a
)

select
    cast(:census_date as date) as census_date,
    i.area_level,
    i.area_code,
    i.provision_type,
    cast(max(i.places_missing) as integer) as places_missing,
    max(case when i.measure = 'occupied' then i.estimate end) as occupied_estimate,
    cast(max(case when i.measure = 'occupied' then i.low end) as integer) as occupied_low,
    cast(max(case when i.measure = 'occupied' then i.high end) as integer) as occupied_high,
    cast(max(case when i.measure = 'occupied' then i.band_low end) as integer) as occupied_band_low,
    cast(max(case when i.measure = 'occupied' then i.band_high end) as integer) as occupied_band_high,
    max(case when i.measure = 'vacant' then i.estimate end) as vacant_estimate,
    cast(max(case when i.measure = 'vacant' then i.low end) as integer) as vacant_low,
    cast(max(case when i.measure = 'vacant' then i.high end) as integer) as vacant_high,
    cast(max(case when i.measure = 'vacant' then i.band_low end) as integer) as vacant_band_low,
    cast(max(case when i.measure = 'vacant' then i.band_high end) as integer) as vacant_band_high,
    max(i.share) as missing_may_differ
from intervals as i
group by
    i.area_level,
    i.area_code,
    i.provision_type
