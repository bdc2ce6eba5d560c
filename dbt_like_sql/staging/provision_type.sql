-- The provision types that figures are told of: one row a type. Other (no home for a child in care, or a kind that is not known) and
-- None (with parents, for adoption) are none of them. has_premises: the register has the home itself, not an agency's office.
-- is_commissioned: a placement census has all placements of the type.
-- grain: provision_type
-- kind: view
select
    p.label as provision_type,
    p.has_premises = 'yes' as has_premises,
    p.is_commissioned = 'yes' as is_commissioned
from raw.provision_type as p
