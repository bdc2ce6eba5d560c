"""What members are told of others stands as the last approved release had it.

An authority's own returns move ranks and areas' fees: who could send them again, and look, could
work out others' numbers. What is kept here changes by approval alone. Of what was published before,
and of drafts that wait, it is what stands in the warehouse at the upgrade.
"""

from __future__ import annotations

from itertools import product

from alembic import op

revision = "r0010"
down_revision = "r0009"

_TOLD = (
    ("comparison", "authority_code", "t.unit not like ''pounds%%''"),
    ("weekly_cost", "area_code", "t.fees_may_be_shown and t.area_level <> ''authority''"),
)
_KEPT = (("draft_told", "raw.draft"), ("released_told", "published.release"))


def upgrade() -> None:
    """Make both tables, and fill them."""
    for table, _ in _KEPT:
        op.execute(
            f"""
            create table if not exists raw.{table} (
                census_date date not null,
                relation_name text not null,
                whose text not null,
                told jsonb not null
            )
            """
        )
        op.execute(
            f"create index if not exists {table}_of on raw.{table} (relation_name, census_date, whose)"
        )
    for (table, whose, served), (kept, of) in product(_TOLD, _KEPT):
        op.execute(
            f"""
            do $$
            declare
                held record;
            begin
                for held in
                    select n.nspname
                    from pg_class as c
                    inner join pg_namespace as n on n.oid = c.relnamespace
                    where n.nspname in ('curated', 'curated_rows') and c.relname = '{table}'
                        and c.relkind in ('r', 'p')
                loop
                    execute format(
                        'insert into raw.{kept} (census_date, relation_name, whose, told) '
                        'select t.census_date, ''curated.{table}'', t.{whose}, to_jsonb(t) '
                        'from %I.{table} as t where ({served}) and t.census_date in '
                        '(select r.census_date from {of} as r) and not exists '
                        '(select from raw.{kept} as k where k.census_date = t.census_date '
                        'and k.relation_name = ''curated.{table}'')', held.nspname
                    );
                end loop;
            end
            $$
            """
        )
