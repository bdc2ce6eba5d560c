-- The SSDA903's categories of need: code and meaning.
-- grain: category_of_need
-- kind: view
select
    r.label as category_of_need,
    r.meaning
from raw.category_of_need_903 as r
