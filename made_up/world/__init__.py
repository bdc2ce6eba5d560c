"""World: who there is in the made-up region, and where they live, before anybody returns anything.

`areas` are its authorities, `margins` how many children and places each has, `kinds` what is
typical of each kind of placement, `flows` who places where, `supply` the settings (`naming` names
them), `people` the children, `occupancy` who lives in which setting, `care` the looked-after
children's episodes. One knows only those before it. Does not belong here: what senders write of it
(`returns`), and what the figures must then be (`truth`).
"""
