"""Mutation: small faults put into the code and the SQL, one at a time, to see whether a test fails.

    nice -n 19 .venv/bin/python -m tests.mutation door disclosure definitions --sample 40

Belongs here: what is mutated, by which tests it is held, and the run. Does not belong here: the
figures of a run, which are in CONTRIBUTING.md. It is no part of `make test`: a fault takes some
seconds of processor, and there are thousands.

Each fault runs in a fork of a process that has imported the libraries and none of our code. There
the one module is compiled with the fault in it, or the folder of SQL is a copy with the fault.
A fault is killed when a test fails, the module cannot be imported, or the tests hang.
"""

from __future__ import annotations

import argparse
import ast
import importlib.abc
import importlib.util
import os
import random
import re
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parents[1]
DOOR, DISCLOSURE = ROOT / "assets/intake/door", ROOT / "assets/publication/disclosure"
SQL = ROOT / "dbt_like_sql"
PARTS = {
    "door": (
        sorted(DOOR.glob("*_rules.py")),
        [
            "tests/unit/test_door_rules.py", "tests/unit/test_statutory_rules.py", "tests/unit/test_door.py",
            "tests/unit/test_placements_standard.py",
        ],
    ),
    "disclosure": (
        [DISCLOSURE / name for name in ("rules.py", "bounds.py", "programmes.py")],
        ["tests/unit/test_disclosure.py", "tests/unit/test_gate.py", "tests/unit/test_published_tables.py"],
    ),
    "definitions": (
        [
            *(SQL / "core" / f"{name}.sql" for name in ("setting_return", "setting_child", "own_placement", "setting_coverage")),
            *(SQL / "curated" / f"{name}.sql" for name in ("host_authority_occupancy", "headline_figure", "weekly_cost")),
        ],
        ["tests/sql/test_models.py"],
    ),
}  # fmt: skip
"""What is mutated, and the tests that hold it. Of a SELECT: its own cases, on the embedded server."""

OTHERWISE: dict[type, type] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.And: ast.Or, ast.Or: ast.And,
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd,
}  # fmt: skip
IN_SQL = [
    (r">=", ">"), (r"<=", "<"), (r"<>", "="), (r"(?<![<>=])>(?!=)", ">="), (r"<(?![=>])", "<="), (r"\bor\b", "and"),
    (r"^ *(?:and|where)\b(?!.*\b(?:case|between)\b).*[^(]$", ""), (r"\bleft join\b", "inner join"), (r"\bfull join\b", "left join"),
    (r"\bmin\(", "max("), (r"\bmax\(", "min("), (r"\bis not null\b", "is null"), (r" \+ ", " - "), (r" - ", " + "),
    (r"\bnot in\b", "in"), (r"\bunion all\b", "union"), (r"\bdesc\b", "asc"), (r"\bgreatest\(", "least("), (r"\bleast\(", "greatest("),
    (r"(?<= )\d+\b", lambda m: str(int(m.group()) + 1)),
]  # fmt: skip


@dataclass(frozen=True)
class Mutant:
    """One fault: where, what, and how it is put in (in the fork, before our code is imported; what it
    writes goes into the folder that it is given).
    """

    path: Path
    line: int
    what: str
    put_in: Callable[[Path], None]

    def __str__(self) -> str:
        return f"{self.path.relative_to(ROOT)}:{self.line}: {self.what}"


class _Mutated(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Imports one module from a tree in the place of its file."""

    def __init__(self, path: Path, tree: ast.Module) -> None:
        self.name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        self.path, self.tree = path, tree

    def find_spec(self, name, path=None, target=None):
        """Ours, if it is the one."""
        if name == self.name:
            return importlib.util.spec_from_loader(name, self, origin=str(self.path))
        return None

    def exec_module(self, module) -> None:
        """Run the tree as the module."""
        module.__file__ = str(self.path)
        exec(compile(ast.fix_missing_locations(self.tree), str(self.path), "exec"), vars(module))


def of_code(path: Path) -> Iterator[Mutant]:
    """The faults of a module: an operator turned round, a number one more, a condition negated."""
    source = path.read_text(encoding="utf-8")
    tree = ast.parse(source)
    left_alone = {
        id(inner)
        for node in ast.walk(tree)
        for outer in (
            *getattr(node, "decorator_list", ()), getattr(node, "annotation", None), getattr(node, "returns", None),
        )
        if outer is not None
        for inner in ast.walk(outer)
    }  # fmt: skip
    for number, node in enumerate(ast.walk(tree)):
        if id(node) in left_alone:
            continue
        for what, change in _changes(node):

            def put_in(_: Path, number: int = number, change: Callable = change) -> None:
                mutated = ast.parse(source)
                change(list(ast.walk(mutated))[number])
                sys.meta_path.insert(0, _Mutated(path, mutated))

            yield Mutant(path, node.lineno, what, put_in)


def _changes(node: ast.AST) -> Iterator[tuple[str, Callable[[ast.AST], None]]]:
    before = ast.unparse(node).splitlines()[0][:90] if hasattr(node, "lineno") else ""
    if isinstance(node, ast.Compare) and type(node.ops[0]) in OTHERWISE:
        other = OTHERWISE[type(node.ops[0])]
        yield f"{other.__name__} in `{before}`", lambda n: n.ops.__setitem__(0, other())
    elif isinstance(node, ast.BoolOp | ast.BinOp) and type(node.op) in OTHERWISE:
        turned = OTHERWISE[type(node.op)]
        yield f"{turned.__name__} in `{before}`", lambda n: setattr(n, "op", turned())
    elif isinstance(node, ast.If | ast.IfExp):

        def negate(n) -> None:
            n.test = ast.UnaryOp(ast.Not(), n.test)

        yield f"not `{ast.unparse(node.test)[:90]}`", negate
    elif isinstance(node, ast.Constant) and type(node.value) in (int, float, bool):
        value = not node.value if isinstance(node.value, bool) else node.value + 1
        yield f"{value} for {node.value}", lambda n: setattr(n, "value", value)


def of_sql(path: Path) -> Iterator[Mutant]:
    """The faults of a SELECT: a comparison, a join, an aggregate, a number, a condition left out."""
    lines = path.read_text(encoding="utf-8").split("\n")
    for number, line in enumerate(lines):
        if line.strip().startswith("--") or "cast(:census_date" in line:
            continue
        bare = re.sub(r"'[^']*'", lambda m: "_" * len(m.group()), line)
        for pattern, put in IN_SQL:
            for match in re.finditer(pattern, bare):
                new = put if isinstance(put, str) else put(match)
                if line[: match.end()].strip().startswith("where ") and not new:
                    new = "    where true"
                mutated = line[: match.start()] + new + line[match.end() :]
                text = "\n".join([*lines[:number], mutated, *lines[number + 1 :]])

                def put_in(folder: Path, text: str = text) -> None:
                    shutil.copytree(SQL, folder, dirs_exist_ok=True)
                    (folder / path.relative_to(SQL)).write_text(text, encoding="utf-8")
                    from assets.warehouse import models

                    models.FOLDER = folder

                yield Mutant(path, number + 1, f"`{mutated.strip()}` for `{line.strip()}`", put_in)


def survives(mutant: Mutant | None, tests: list[str], seconds: int) -> bool:
    """Whether all tests pass with the fault (None: without one), in a fork of this process."""
    with tempfile.TemporaryDirectory(prefix="mutation ") as folder:
        if (pid := os.fork()) == 0:
            _run_in_the_fork(mutant, tests, seconds, Path(folder))
        return os.waitpid(pid, 0)[1] == 0


def _run_in_the_fork(
    mutant: Mutant | None, tests: list[str], seconds: int, folder: Path
) -> NoReturn:
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1), os.dup2(null, 2)
    signal.alarm(seconds)  # it ends the fork, whatever that does
    try:
        if mutant:
            mutant.put_in(folder)
        import pytest

        os._exit(int(pytest.main(["-x", "-q", "-p", "no:cacheprovider", *tests])))
    except BaseException:  # a module that cannot be imported is a fault that is seen
        os._exit(1)


def _case(path: Path) -> str:
    return f"{path.parent.name}_{path.stem}"


def main() -> int:
    """Run a sample of each part's faults; print the survivors, and each part's share killed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("parts", nargs="*", default=list(PARTS))
    parser.add_argument("--sample", type=int, default=40, help="faults of each part")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=int, default=600, help="after which tests hang")
    given = parser.parse_args()
    for library in (
        "numpy",
        "pandas",
        "scipy.optimize",
        "sqlalchemy",
        "psycopg",
        "sqlglot",
        "highspy",
        "pytest",
    ):
        __import__(library)
    for part in given.parts:
        files, tests = PARTS[part]
        faults = [m for path in files for m in (of_sql if path.suffix == ".sql" else of_code)(path)]
        chosen = random.Random(given.seed).sample(faults, min(given.sample, len(faults)))
        started, survivors = time.monotonic(), []
        for path in files:
            own = ["-k", f"embedded and {_case(path)}"] if path.suffix == ".sql" else []
            of_file = [mutant for mutant in chosen if mutant.path == path]
            if (own or path == files[0]) and not survives(None, [*tests, *own], given.seconds):
                raise SystemExit(f"The tests fail without a fault: {' '.join([*tests, *own])}")
            for mutant in of_file:
                if survives(mutant, [*tests, *own], given.seconds):
                    survivors.append(mutant)
                    print(f"  survived: {mutant}", flush=True)
        killed = len(chosen) - len(survivors)
        print(
            f"{part}: {killed} of {len(chosen)} killed, of {len(faults)} faults in"
            f" {len(files)} files ({time.monotonic() - started:.0f} s)",
            flush=True,
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
