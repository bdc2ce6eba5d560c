-- Ofsted's types of provision and the observatory's provision type for each; Other where the type is no home for a child in care.
-- grain: ofsted_provision_type
-- kind: view
select
    o.label as ofsted_provision_type,
    coalesce(nullif(o.provision_type, ''), 'Other') as provision_type
from raw.ofsted_provision_type as o
