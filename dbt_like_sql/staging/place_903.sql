-- The SSDA903's placement codes: DfE's class since 2024, the observatory's provision type, whether with relatives or friends.
-- grain: place
-- kind: view
select
    r.label as place,
    r.meaning,
    r.placement_type,
    r.provision_type,
    r.kinship
from raw.place_903 as r
