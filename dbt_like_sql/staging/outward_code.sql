-- Outward codes of England (the SK1 of SK1 3XE): the authority that has most of each one's postcodes, its share of them, and their
-- mean position. Nearly half of them lie in several authorities: whatever rests on this is approximate.
-- Source: ONS Postcode Directory, November 2025 (Open Government Licence v3).
-- grain: outward_code
-- kind: view
select
    r.outward_code,
    r.authority_code,
    cast(r.authority_share as numeric) as authority_share,
    cast(r.authorities as integer) as authorities,
    cast(r.easting as integer) as easting,
    cast(r.northing as integer) as northing
from raw.outward_code as r
