-- The placement census's types of provision: provision type, arrangement and mark of each label.
-- grain: type_of_provision
-- kind: view
select
    t.label as type_of_provision,
    t.provision_type,
    t.arrangement,
    nullif(t.mark, '') as mark,
    t.in_house_by_register = 'yes' as in_house_by_register
from raw.type_of_provision as t
