-- Official figures to set beside ours: where each is published, and whether its definition is the same as ours.
-- grain: measure_key, data_set, published_measure
-- kind: view
select
    concat_ws(' | ', r.measure, r.breakdown, r.category, r.unit) as measure_key,
    r.measure,
    r.breakdown,
    r.category,
    r.unit,
    r.data_set,
    r.published_measure,
    r.figure_kind,
    r.definition,
    nullif(r.definition_note, '') as definition_note
from raw.official_measure as r
