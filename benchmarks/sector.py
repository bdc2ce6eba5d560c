"""Beside the sector's own programs, in one run: the SSDA903 validator, and the demand model, each
in an environment of its own.

    python -m benchmarks sector

Both are installed by name from the package index that pip is configured with. What does not install
is said, with the reason that pip gives. They do other work than ours: the validator reads and
checks (DfE's rules of all files, of which only header and episodes are given here), and neither
makes pseudonyms nor keeps rows; the demand model reads episodes and simulates one population day by
day, where ours projects series.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

from assets.projection.project import HORIZON, project
from benchmarks.recording import Number, tell
from benchmarks.ssda903 import DATE, make_903, ours_alone

CHILDREN = int(os.environ.get("OBSERVATORY_BENCH_SECTOR_CHILDREN", "10000"))
VALIDATORS = ("csc-validator-be-903", "quality-lac-data-validator")
"""The sector's validator under its present name, and the one before."""
DEMAND_MODEL = "cs-demand-model"
SERIES, HISTORY = 24 * 6, 16
"""Of a region: own placements of six kinds in 24 authorities, over four years."""

VALIDATE = """
import importlib, logging, sys, time
from pathlib import Path
logging.disable(logging.CRITICAL)
from lac_validator.lac_validator import LacValidator
rules = importlib.import_module("lac_validator.rules.lac2025_26").registry
files = [{"name": p.name, "description": "This year", "file_content": p.read_bytes()} for p in sorted(Path(sys.argv[1]).glob("*.csv"))]
started, worked = time.perf_counter(), time.process_time()
done = LacValidator(metadata={"collectionYear": "2025", "localAuthority": "E08000007"}, **{"files": files, "registry": rules})
print(time.perf_counter() - started, time.process_time() - worked, len(done.dones))
"""
PREDICT = """
import sys, time
import pandas as pd
from cs_demand_model import DemandModellingDataContainer, ModelPredictor, PopulationStats
from cs_demand_model.config import Config
from cs_demand_model.datastore import fs_datastore
started, worked = time.perf_counter(), time.process_time()
config = Config()
data = DemandModellingDataContainer(fs_datastore(sys.argv[1]), config)
stats = PopulationStats(data.enriched_view, config)
end = pd.Timestamp(sys.argv[2])  # not its own last day: of the year before that nobody has entered care
predictor = ModelPredictor.from_model(stats, end - pd.DateOffset(months=12), end)
predictor.predict(3 * 365)
print(time.perf_counter() - started, time.process_time() - worked, 0)
"""


def main() -> None:
    """Print both beside ours."""
    with tempfile.TemporaryDirectory(prefix="observatory-bench-") as folder:
        root = Path(folder)
        landed = root / "landing" / DATE.isoformat() / "356"
        episodes = make_903(landed, CHILDREN)
        tell(
            "Beside the sector's programs",
            [_validator(root, landed, episodes), _demand_model(root, landed)],
        )


def _validator(root: Path, landed: Path, episodes: int) -> Number:
    what = (
        f"SSDA903 of {CHILDREN:,} children, {episodes:,} episodes: read, judged, pseudonymised and"
        " loaded by us"
    )
    said = []
    for name in VALIDATORS:
        python, why = _installed(root, name)
        if why:
            said.append(f"{name} does not install here ({why}).")
            continue
        try:
            seconds, processor, rules = _run(python, VALIDATE, landed)
        except subprocess.CalledProcessError as error:
            said.append(f"{name} installs, and fails: {_last(error.stderr)}.")
            continue
        ours, ours_processor, memory = ours_alone(root)
        note = (
            f"{name} reads and checks the same files in {seconds:.1f} s ({processor:.1f} s of"
            f" processors; {rules:.0f} of its rules ran): "
        )
        note += f"{seconds / ours:.1f} times ours. {' '.join(said)}"
        return Number(what, ours, ours_processor, name, seconds, "", memory, note.strip())
    return Number(what, note=" ".join(said))


def _demand_model(root: Path, landed: Path) -> Number:
    what = f"{SERIES} series of {HISTORY} quarters projected three years on by us"
    python, why = _installed(root, DEMAND_MODEL)
    if why:
        return Number(what, note=f"{DEMAND_MODEL} does not install here ({why}).")
    years = root / "demand"
    children = _whose_ages_it_knows(landed, years / str(DATE.year))
    try:
        seconds, processor, _ = _run(python, PREDICT, years, DATE.isoformat())
    except subprocess.CalledProcessError as error:
        return Number(what, note=f"{DEMAND_MODEL} installs, and fails: {_last(error.stderr)}.")
    rng = np.random.default_rng(1)
    started, worked = time.perf_counter(), time.process_time()
    for _ in range(SERIES):
        project(400 + np.cumsum(rng.normal(1, 6, HISTORY)).round())
    ours, ours_processor = time.perf_counter() - started, time.process_time() - worked
    note = (
        f"{DEMAND_MODEL} reads {children:,} children and predicts one population"
        f" {HORIZON // 4} years on in {seconds:.1f} s "
    )
    note += f"({processor:.1f} s of processors): {seconds / ours:.1f} times ours."
    return Number(what, ours, ours_processor, DEMAND_MODEL, seconds, note=note)


def _whose_ages_it_knows(landed: Path, place: Path) -> int:
    """Write header and episodes of the children who are of an age to be in care all the time: it
    ends at others. Gives how many.
    """
    header, episodes = (
        pd.read_csv(landed / f"{name}.csv", dtype=str, keep_default_na=False)
        for name in ("header", "episodes")
    )
    born = pd.to_datetime(header.set_index("CHILD")["DOB"], format="%d/%m/%Y")
    first = (
        pd.to_datetime(episodes["DECOM"], format="%d/%m/%Y")
        .groupby(episodes["CHILD"])
        .min()
        .reindex(born.index)
    )
    known = born.index[
        (first > born + pd.Timedelta(days=30))
        & (born > pd.Timestamp(DATE) - pd.Timedelta(days=6000))
    ]
    place.mkdir(parents=True)
    header[header["CHILD"].isin(known)].to_csv(place / "header.csv", index=False)
    episodes[episodes["CHILD"].isin(known)].to_csv(place / "episodes.csv", index=False)
    return len(known)


def _installed(root: Path, name: str) -> tuple[str, str]:
    """The interpreter of an environment with the package; or why it does not install."""
    place = root / f"env {name}".replace(" ", "-")
    subprocess.run([sys.executable, "-m", "venv", str(place)], check=True)
    python = str(place / "bin" / "python")
    done = subprocess.run(
        [python, "-m", "pip", "install", "--quiet", name],
        capture_output=True,
        text=True,
        check=False,
    )
    return python, _last(done.stderr) if done.returncode else ""


def _last(said: str) -> str:
    """The last line of what a program said that tells a fault, without addresses and paths."""
    lines = [
        line.strip(" ×╰─>.")
        for line in said.splitlines()
        if re.search("error", line, re.IGNORECASE)
    ]
    return re.sub(r"\S*[/\\]\S*", "…", lines[-1])[:200] if lines else "it gives no reason"


def _run(python: str, program: str, folder: Path, *more: str) -> tuple[float, float, float]:
    done = subprocess.run(
        [python, "-W", "ignore", "-c", program, str(folder), *more],
        capture_output=True,
        text=True,
        check=True,
    )
    seconds, processor, number = done.stdout.split()[-3:]
    return float(seconds), float(processor), float(number)


if __name__ == "__main__":
    main()
