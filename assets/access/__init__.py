"""Access: who may read what, who did, and what must no longer be held.

One idea a file: `policies` says by rule who reads which rows; `rights` writes that into the database; `logins` makes,
changes and takes away logins; `preparing` makes a warehouse what this version needs; `erasure` takes a child out;
`retention` takes out what has been kept long enough; `backup` keeps and brings back the whole.
Does not belong here: what the tables hold.
"""
