"""Fingerprints: nothing that leaves the building tells whoever guesses a return that the guess is
right.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import json
import re
import zipfile
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa

from assets.access import logins
from assets.access.preparing import prepare
from assets.intake.loading import take_in
from assets.page.site import bring_sites_up_to_date
from assets.warehouse.building import build_quarter
from assets.warehouse.models import raw_columns
from assets.warehouse.numbering import content_mark
from resources.warehouse import Warehouse, physical
from schemas.regions import load_region
from tests import builders
from tests.conftest import KEY, Landing, forget_versions
from tests.releasing import make_release

DATE, DAY = "2025-03-31", dt.date(2025, 3, 31)
REGION = load_region("north_west")
NAME = "placements.csv"
_TOKEN = re.compile(r"[0-9a-f]{8,}")


def guess(fee: int) -> bytes:
    """The return of a provider with one home and one child in it: whoever knows the layout has only
    the fee to guess.
    """
    row = {"urn": "SC000099", "placing_local_authority": "Stockport", "age": 14, "weekly_fee": fee}
    return builders.placements([row]).to_csv(index=False).encode()


def published(address: str, root: Path, fee: int, key: bytes = KEY) -> Warehouse:
    """A warehouse with a release and its page, in which one return holds one child with this fee."""
    warehouse = Warehouse(address)
    prepare(warehouse, REGION)
    landing = Landing(root / "landing")
    landing.root.mkdir(parents=True)
    homes = [
        {"urn": f"SC{n:06d}", "local_authority": ["Stockport", "Trafford"][n % 2], "places": 4}
        for n in (*range(40), 99)
    ]
    landing.drop(DATE, "ofsted", "list.csv", builders.register(homes))
    landing.drop(
        DATE,
        "provider-a",
        "settings.csv",
        builders.settings([{"urn": f"SC{n:06d}"} for n in range(30)]),
    )
    landing.drop(
        DATE,
        "provider-one",
        "home.csv",
        builders.settings([{"urn": "SC000099", "occupied_places": 1, "vacant_places": 2}]),
    )
    landing.drop(DATE, "provider-one", NAME, guess(fee))
    landing.drop(
        DATE, "356", "census.csv", builders.census([{"age": 10 + n % 6} for n in range(40)])
    )
    take_in(warehouse, landing.place, DAY, key)
    assert not build_quarter(warehouse, DAY, REGION).blocked_by
    assert make_release(warehouse, DAY, REGION, root / "releases")
    bring_sites_up_to_date(warehouse, REGION, root / "releases", say=lambda _: None)
    return warehouse


def files(root: Path) -> dict[str, bytes]:
    """Every file that is published, what is packed in workbooks unpacked."""
    found = {}
    for path in sorted(p for p in (root / "releases").rglob("*") if p.is_file()):
        name, content = str(path.relative_to(root)), path.read_bytes()
        found[name] = content
        if path.suffix == ".xlsx":
            with zipfile.ZipFile(io.BytesIO(content)) as book:
                found |= {f"{name}/{part}": book.read(part) for part in book.namelist()}
    return found


def read_by(warehouse: Warehouse, kind: str, name: str) -> dict[str, str]:
    """Everything that a login of a kind reads, by relation."""
    logins.grant(warehouse, name, kind)
    try:
        with logins.borrowed(warehouse, name) as session:
            session.autocommit = True
            relations = session.execute(
                "select n.nspname || '.' || c.relname from pg_class as c inner join pg_namespace as"
                " n on n.oid = c.relnamespace where n.nspname in ('raw', 'staging', 'core',"
                " 'curated', 'published') and c.relkind in ('r', 'v') and"
                " has_table_privilege(c.oid, 'select') and has_schema_privilege(n.oid, 'usage')"
            ).fetchall()
            found = {}
            for (relation,) in relations:
                with suppress(psycopg.errors.InsufficientPrivilege):
                    found[relation] = str(session.execute(f"select * from {relation}").fetchall())
            return found
    finally:
        logins.revoke(warehouse, name)


def fingerprints_of(content: bytes, sender: str = "provider-one") -> set[str]:
    """What anybody can work out of a guessed return: hashes of it, and numbers made of them without
    a secret.
    """
    hashes = {
        hashlib.new(name, content).hexdigest()
        for name in ("sha256", "sha1", "md5", "blake2b", "sha512")
    }
    made = {f"{DATE}|{sender}|{one}" for one in hashes} | {
        f"{DATE}|{sender}|{NAME}|{one}" for one in hashes
    }
    return hashes | {
        hashlib.new(name, text.encode()).hexdigest()
        for text in made
        for name in ("sha256", "sha1", "md5")
    }


def test_trying_out_returns_on_what_is_published_recovers_none(servers, tmp_path):
    address = servers.fresh("embedded")
    with published(address, tmp_path, 6543) as warehouse:
        texts = {
            name: content.decode("utf-8", "replace") for name, content in files(tmp_path).items()
        }
        for kind in ("public", "regional", "engineer"):
            texts |= {
                f"{kind}: {name}": text
                for name, text in read_by(warehouse, kind, f"tries_{kind}").items()
            }
    assert {
        "public: published.release",
        "engineer: raw.submission",
        "public: published.release_return",
    } <= set(texts)
    assert "releases/2025-03-31/r1/page/returns.html" in texts
    tokens = {(name, token) for name, text in texts.items() for token in _TOKEN.findall(text)}
    assert len(tokens) > 10
    recovered = {
        (fee, name)
        for fee in range(6500, 6600)
        for known in fingerprints_of(guess(fee))
        for name, token in tokens
        if known.startswith(token[:64])
    }
    assert recovered == set()
    servers.drop("embedded", address)


def test_what_is_published_does_not_differ_with_what_is_hidden_in_a_return(servers, tmp_path):
    """One child's fee, in no published figure: every byte is the same, whatever it is, and whatever
    the key is.
    """
    addresses = [servers.fresh("embedded") for _ in range(3)]
    said = []
    for address, fee, key in zip(
        addresses,
        (6543, 1234, 6543),
        (KEY, KEY, b"another key that only this test uses"),
        strict=True,
    ):
        root = tmp_path / str(len(said))
        with published(address, root, fee, key) as warehouse:
            ledger = {
                name: text
                for name, text in read_by(warehouse, "public", "tries_public").items()
                if name.startswith("published.")
            }
        said.append((files(root), ledger))
        servers.drop("embedded", address)
    (files_one, ledger_one), *others = said
    for files_other, ledger_other in others:
        assert sorted(name for name in files_one if files_one[name] != files_other.get(name)) == []
        assert ledger_other == ledger_one


@pytest.fixture
def old(embedded_warehouse, tmp_path):
    """A warehouse and its releases as the code before made them: hashes of the returns in ledger,
    manifest, numbers and page.
    """
    with published(embedded_warehouse.url, tmp_path, 6543) as warehouse:
        plain = {
            path.name: hashlib.sha256(path.read_bytes()).hexdigest()
            for path in (tmp_path / "landing").rglob("*.csv")
        }
        by_mark = {content_mark(KEY, one): one for one in plain.values()}
        with warehouse.engine.begin() as connection:
            connection.exec_driver_sql("delete from access.key_check")
            connection.exec_driver_sql(
                "delete from raw.arrival"
            )  # there was no register of arrivals
            connection.exec_driver_sql("delete from raw.landed")
            names = [name for name, columns in raw_columns().items() if "submission_id" in columns]
            connection.exec_driver_sql("alter table access.event disable trigger append_only")
            for row in connection.execute(
                sa.text("select submission_id, sender, content_hash from raw.submission")
            ).all():
                content = by_mark[row.content_hash]
                number = hashlib.sha256(f"{DATE}|{row.sender}|{content}".encode()).hexdigest()[:16]
                connection.execute(
                    sa.text("update raw.submission set content_hash = :c where submission_id = :o"),
                    {"c": content, "o": row.submission_id},
                )
                for name in names:
                    connection.execute(
                        sa.text(
                            f"update {physical(f'raw.{name}')} set submission_id = :n where"
                            " submission_id = :o"
                        ),
                        {"n": number, "o": row.submission_id},
                    )
                connection.execute(
                    sa.text("update access.event set subject = :n where subject = :o"),
                    {"n": number, "o": row.submission_id},
                )
            connection.exec_driver_sql("alter table access.event enable trigger append_only")
            connection.exec_driver_sql(
                "update published.release set manifest = jsonb_set(manifest, '{returns}', (select"
                " jsonb_agg(r.one || jsonb_build_object('content_hash', (select s.content_hash from"
                " raw.submission as s inner join raw.submission_table as t using (submission_id)"
                " where s.sender = r.one ->> 'sender' and t.table_name = r.one ->> 'table_name'))"
                " order by r.place) from jsonb_array_elements(manifest -> 'returns') with"
                " ordinality as r (one, place)))"
            )
            connection.exec_driver_sql("update raw.observatory set state = 'older'")
            forget_versions(connection)
        folder = tmp_path / "releases" / DATE / "r1"
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        held = warehouse.scalar("select manifest -> 'returns' from published.release")
        (folder / "manifest.json").write_text(
            json.dumps({**manifest, "returns": held}), encoding="utf-8"
        )
        page = folder / "page" / "returns.html"
        page.write_text(page.read_text(encoding="utf-8") + plain[NAME][:12], encoding="utf-8")
        yield warehouse, tmp_path, plain


def test_manifests_that_are_out_are_withdrawn_and_reissued_and_no_figure_moves(old, monkeypatch):
    from assets.publication.release import write_all_missing_files
    from assets.warehouse.keys import warehouse_key

    warehouse, root, plain = old
    monkeypatch.setenv("OBSERVATORY_PSEUDONYM_KEY", KEY.decode())
    before, cells = (
        files(root),
        warehouse.rows("select * from published.cell order by 1, 2, 3, 4, 6"),
    )
    versions = (
        "select s.sender, t.table_name, t.version, t.status, t.rows_loaded from raw.submission as s"
        " inner join raw.submission_table as t using (submission_id) order by 1, 2"
    )
    books = warehouse.rows(versions)
    for _ in range(2):
        prepare(warehouse, REGION)
        assert warehouse_key(warehouse, root / "home") == KEY
        write_all_missing_files(warehouse, root / "releases")
        bring_sites_up_to_date(warehouse, REGION, root / "releases", say=lambda _: None)
    after = files(root)
    everything = "\n".join(content.decode("utf-8", "replace") for content in after.values()) + str(
        warehouse.rows("select * from published.release")
    )
    everything += str(warehouse.rows("select * from raw.submission")) + str(
        warehouse.rows("select * from access.event")
    )
    for one in plain.values():
        assert one[:12] not in everything
        assert (
            hashlib.sha256(f"{DATE}|provider-one|{one}".encode()).hexdigest()[:8] not in everything
        )
    changed = {name for name in before if before[name] != after.get(name)}
    assert changed == {f"releases/{DATE}/r1/manifest.json", f"releases/{DATE}/r1/page/returns.html"}
    assert warehouse.rows("select * from published.cell order by 1, 2, 3, 4, 6") == cells
    assert warehouse.rows(versions) == books
    manifest = json.loads(
        (root / "releases" / DATE / "r1" / "manifest.json").read_text(encoding="utf-8")
    )
    assert len(manifest["reissued"]) == 1 and "No figure changed" in manifest["reissued"][0]
    assert "No figure changed" in after[f"releases/{DATE}/r1/page/returns.html"].decode()
    said = [
        row.subject
        for row in warehouse.rows("select subject from access.event where what = 'reissued'")
    ]
    assert said == [f"{DATE} r1"]
    landing = Landing(root / "landing")
    assert take_in(warehouse, landing.place, DAY, KEY).files_new == 0, (
        "what was read stays read, under its new number"
    )
    assert not build_quarter(warehouse, DAY, REGION).blocked_by
    again = make_release(warehouse, DAY, REGION, root / "releases")
    assert (again.number, again.is_new) == (1, False)


def test_what_dagster_keeps_of_the_landing_place_is_keyed(landing):
    from pipelines.sensors import look

    for name in ("Jane Doe 2011-05-06.csv", "other.csv"):
        path = landing.drop(DATE, "356", name, "a")
        now = dt.datetime.now(tz=dt.UTC)
        marks = [
            look(landing.place, {}, now, key)[0][DATE]
            for key in (KEY, b"another key that only this test uses")
        ]
        assert marks[0] != marks[1]
        path.unlink()
