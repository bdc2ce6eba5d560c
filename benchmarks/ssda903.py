"""SSDA903 of 100,000 children (about 300,000 episodes): read, judged row by row, pseudonymised and
loaded; and an .xlsx of 50,000 rows.

The floor of the same run: DuckDB reading the same files and doing the same checks of cells (codes,
dates, order, duplicates, an error list), and PostgreSQL's COPY of the same rows into tables like
those they are loaded into. The door does more: it finds ages, distances and authorities, makes
pseudonyms, and says what is wrong in sentences.
"""

from __future__ import annotations

import datetime as dt
import gc
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import sqlalchemy as sa

from assets.access.preparing import prepare
from assets.intake.loading import take_in
from benchmarks.recording import Number, tell
from resources.embedded_postgres import EmbeddedPostgres
from resources.landing import LandingPlace
from resources.postcodes import PostcodeDirectory
from resources.warehouse import Warehouse
from schemas.codes import code_set
from schemas.regions import load_region

DATE = dt.date(2025, 3, 31)
CHILDREN = 100_000


def main() -> None:
    """Print our time and memory, the floor's, and their ratio; then the workbook's."""
    with tempfile.TemporaryDirectory(prefix="observatory-bench-") as folder:
        root = Path(folder)
        episodes = make_903(root / "landing" / DATE.isoformat() / "356", CHILDREN)
        ours, processor, memory = ours_alone(root)
        checks = _checks_of_duckdb(root / "landing" / DATE.isoformat() / "356")
        copied = _bare_copy(root)
        floor = checks + copied
        what = (
            f"SSDA903 of {CHILDREN:,} children, {episodes:,} episodes: read, judged row by row,"
            " pseudonymised, loaded"
        )
        least = f"DuckDB's checks of the cells ({checks:.1f} s) and a bare COPY ({copied:.1f} s)"
        numbers = [
            Number(what, ours, processor, least, floor, "at most 1.8 times, under 1 GB", memory)
        ]
    with tempfile.TemporaryDirectory(prefix="observatory-bench-") as folder:
        root = Path(folder)
        _make_workbook(root / "landing" / DATE.isoformat() / "356", 50_000)
        ours, processor, memory = ours_alone(root)
        tell(
            "SSDA903",
            [*numbers, Number("An .xlsx of 50,000 rows", ours, processor, gigabytes=memory)],
        )


def make_903(folder: Path, children: int) -> int:
    """Write a header and its episodes for so many made-up children. Gives the number of episodes."""
    rng = np.random.default_rng(1)
    folder.mkdir(parents=True)
    directory = PostcodeDirectory()
    codes = np.concatenate(
        [directory._letter(letter, sectors=False)[0] for letter in "MSOBWLC"]
    ).astype(str)
    codes = codes[np.char.str_len(codes) >= 6]
    references = np.char.add("C", rng.permutation(10**7)[:children].astype(str))
    born = pd.Timestamp(DATE) - pd.to_timedelta(rng.integers(100, 6500, children), unit="D")
    header = pd.DataFrame(
        {
            "CHILD": references,
            "SEX": rng.choice(["1", "2"], children),
            "DOB": pd.Series(born).dt.strftime("%d/%m/%Y"),
        }
    )
    header["ETHNIC"] = rng.choice(["WBRI", "MOTH", "AIND", "BAFR"], children)
    header.assign(UPN="", MOTHER="", MC_DOB="").to_csv(folder / "header.csv", index=False)
    child = np.repeat(np.arange(children), rng.integers(1, 6, children))
    number = len(child)
    start = pd.Timestamp("2025-03-01") - pd.to_timedelta(rng.integers(0, 900, number), unit="D")
    end = start + pd.to_timedelta(rng.integers(1, 400, number), unit="D")
    is_open = rng.random(number) < 0.33
    pd.DataFrame(
        {
            "CHILD": references[child],
            "DECOM": pd.Series(start).dt.strftime("%d/%m/%Y"),
            "RNE": rng.choice(["S", "P", "L", "T"], number),
            "LS": rng.choice(["C2", "V2", "C1", "E1"], number),
            "CIN": rng.choice(["N1", "N5"], number),
            "PLACE": rng.choice(["U4", "U6", "K2", "P1", "K3"], number),
            "PLACE_PROVIDER": rng.choice(["PR1", "PR4"], number),
            "DEC": np.where(is_open, "", pd.Series(end).dt.strftime("%d/%m/%Y")),
            "REC": np.where(is_open, "", "X1"),
            "REASON_PLACE_CHANGE": np.where(is_open, "", "CARPL"),
            "HOME_POST": rng.choice(codes, children)[child],
            "PL_POST": rng.choice(codes, number),
            "URN": rng.choice(["SC123456", "1234567"], number),
        }
    ).to_csv(folder / "episodes.csv", index=False)
    return number


def _make_workbook(folder: Path, rows: int) -> None:
    import xlsxwriter

    folder.mkdir(parents=True)
    names = [
        "Looked after child?",
        "Placing Authority",
        "Identifier",
        "Age",
        "Gender",
        "Type of provision",
        "Host Authority",
    ]
    names += [
        "Total weekly cost",
        "Contribution from Social Care",
        "Contribution from Education",
        "Contribution from Health",
    ]
    names += ["Placement start date", "UASC", "Organisation"]
    with xlsxwriter.Workbook(str(folder / "census.xlsx"), {"constant_memory": True}) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, names)
        for n in range(rows):
            row = [
                "Yes",
                "Stockport MBC",
                f"C{n}",
                14,
                "Male",
                "Residential - External (Commissioned)",
                "Trafford",
                4000.5,
                3000.5,
                500,
                500,
            ]
            sheet.write_row(n + 1, 0, [*row, "01/02/2024", "No", "Acorn"])


def ours_alone(root: Path) -> tuple[float, float, float]:
    """Seconds, processor seconds and peak memory of the intake, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "benchmarks.ssda903", str(root)],
        capture_output=True,
        text=True,
        check=True,
    )
    seconds, processor, memory = map(float, done.stdout.split()[-3:])
    return seconds, processor, memory


def _intake(root: Path) -> None:
    gc.set_threshold(50_000, 20, 20)  # as of the command: `pipelines.command.main` says why
    server = EmbeddedPostgres(root / "home")
    with Warehouse(server.join(), server) as warehouse:
        prepare(warehouse, load_region("north_west"))
        started, worked = time.perf_counter(), time.process_time()
        result = take_in(
            warehouse, LandingPlace(str(root / "landing")), DATE, b"a key for the benchmark"
        )
        seconds, worked = time.perf_counter() - started, time.process_time() - worked
        assert (
            result.rows_received
            == result.rows_loaded + result.rows_rejected + result.rows_set_aside
        )
    print(seconds, worked, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6)


def _checks_of_duckdb(folder: Path) -> float:
    """Seconds that DuckDB takes to read the files and check their cells."""
    import duckdb

    def labels(name: str) -> str:
        return ", ".join(f"'{label}'" for label in code_set(name).labels)

    started = time.perf_counter()
    base = duckdb.connect()
    base.execute(
        f"create table h as select * from read_csv('{folder}/header.csv', all_varchar = true)"
    )
    base.execute(
        "create table e as select row_number() over () as line, * from"
        f" read_csv('{folder}/episodes.csv', all_varchar = true)"
    )
    base.execute(
        f"""
        create table judged as select e.*, try_strptime(DECOM, '%d/%m/%Y') as decom_date, try_strptime(DEC, '%d/%m/%Y') as dec_date,
            try_strptime(h.DOB, '%d/%m/%Y') as born,
            CHILD is null as no_child, DECOM is null as no_decom, LS is null or LS not in ({labels("legal_status_903")}) as bad_ls,
            PLACE is null or PLACE not in ({labels("place_903")}) as bad_place, RNE not in ({labels("reason_new_episode_903")}) as bad_rne,
            CIN not in ({labels("category_of_need_903")}) as bad_cin, PLACE_PROVIDER not in ({labels("place_provider_903")}) as bad_provider,
            REC not in ({labels("reason_episode_ceased_903")}) as bad_rec, (DEC is null) <> (REC is null) as apart,
            count(*) over (partition by CHILD, DECOM, RNE, LS, CIN, PLACE, PLACE_PROVIDER, DEC, REC, HOME_POST, PL_POST, URN) as copies
        from e left join h using (CHILD)
        """
    )
    base.execute(
        """
        create table errors as select line, rule from (
            select line, no_child, no_decom, bad_ls, bad_place, bad_rne, bad_cin, bad_provider, bad_rec, apart, copies > 1 as twice,
                decom_date is null and DECOM is not null as bad_decom, dec_date is null and DEC is not null as bad_dec, dec_date < decom_date as early
            from judged
        ) unpivot (broken for rule in (
            no_child, no_decom, bad_ls, bad_place, bad_rne, bad_cin, bad_provider, bad_rec, apart, twice, bad_decom, bad_dec, early
        )) where broken
        """
    )
    base.execute("select count(*) from errors").fetchall()
    return time.perf_counter() - started


def _bare_copy(root: Path) -> float:
    """Seconds that PostgreSQL takes to COPY the rows that were loaded into tables of the same shape
    and indexes.
    """
    server = EmbeddedPostgres(root / "home")
    seconds = 0.0
    with Warehouse(server.join(), server) as warehouse, warehouse.engine.begin() as connection:
        driver: Any = connection.connection.driver_connection
        for table in ("ssda903_header", "ssda903_episodes"):
            with (
                driver.cursor() as cursor,
                cursor.copy(f"copy raw.{table} to stdout (format csv)") as rows,
            ):
                content = b"".join(bytes(block) for block in rows)
            connection.execute(
                sa.text(f"create table raw.floor_{table} (like raw.{table} including all)")
            )
            started = time.perf_counter()
            with (
                driver.cursor() as cursor,
                cursor.copy(f"copy raw.floor_{table} from stdin (format csv)") as rows,
            ):
                rows.write(content)
            seconds += time.perf_counter() - started
    return seconds


if __name__ == "__main__":
    _intake(Path(sys.argv[1]))
