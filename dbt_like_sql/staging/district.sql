-- Districts of counties (Fenland in Cambridgeshire), with the authority that looks after their children; past ones included.
-- Source: ONS, register of geographic codes (Open Government Licence v3).
-- grain: district_code
-- kind: view
select
    r.district_code,
    r.district_name,
    r.authority_code
from raw.district as r
