-- The SSDA903's reasons for an episode's end.
-- grain: reason_episode_ceased
-- kind: view
select
    r.label as reason_episode_ceased,
    r.meaning,
    r.reason_group
from raw.reason_episode_ceased_903 as r
