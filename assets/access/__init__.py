"""Access: who may read what, who did, and what must no longer be held.

One idea a file: `policies` says by rule who reads which rows; `rights` writes that into the
database; `logins` makes, changes and removes logins; `fences` has the views that readers query;
`watch` ends sessions beyond their limits; `preparing` makes a warehouse what this version needs;
`erasure` removes a child; `retention` removes what has been kept long enough; `backup` and
`recovery` save and restore the whole. Does not belong here: what the tables hold.
"""
