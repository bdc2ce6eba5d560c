"""The reference's pages on running it: the command, the configuration, and what is in which file
of the code.

Belongs here: showing the command's own help, the settings and the heads of files.
Does not belong here: their texts (`pipelines/command`, `resources/configuration.py`, each file's
head).
"""

from __future__ import annotations

import ast
import re
from dataclasses import fields
from pathlib import Path

import click

from docs.generator.writing import block, code, page, plain, prose, table
from pipelines.command import cli
from resources.configuration import FILE, IN_THE_ENVIRONMENT, SETTINGS, Setting
from schemas.regions import DisclosureMethod

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("schemas", "resources", "assets", "made_up", "pipelines")
_WIDTH = 88


def pages() -> dict[str, str]:
    """The pages, by path."""
    return {
        "reference/command": _command(),
        "reference/configuration": _configuration(),
        "reference/code": _code(),
    }


def _command() -> str:
    # with the settings that the command itself has: click remembers the first help option it makes
    settings = cli.context_settings | {"max_content_width": _WIDTH}
    context = click.Context(cli, info_name="observatory", terminal_width=_WIDTH, **settings)
    parts = [
        (
            "The command is `.venv/bin/observatory`. It ends with 0 when it is done, 1 where the"
            " answer is no (a return would be rejected, a draft is refused, a step failed), 2 where"
            " something has to be mended first."
        ),
    ]
    for name in cli.list_commands(context):
        command = cli.get_command(context, name)
        assert command is not None
        below = click.Context(
            command, parent=context, info_name=name, terminal_width=_WIDTH, max_content_width=_WIDTH
        )
        parts += [f"## observatory {name}", block(command.get_help(below))]
    return page("Command", *parts)


def _configuration() -> str:
    rows = [
        [f"{code(name)}<br>{code(one.variable)}", _means(one), prose(one.unless_set)]
        for name, one in SETTINGS.items()
    ]
    alone = [
        [code(name), prose(means), prose(unless)]
        for name, (means, unless) in IN_THE_ENVIRONMENT.items()
    ]
    safe = DisclosureMethod()
    method = [
        [code(f.name), plain(getattr(safe, f.name)) or "empty"] for f in fields(DisclosureMethod)
    ]
    regions = [
        part
        for path in sorted((ROOT / "schemas/regions").glob("*.toml"))
        for part in (f"### {path.name}", block(path.read_text(encoding="utf-8"), "toml"))
    ]
    return page(
        "Configuration",
        f"Settings come from `{FILE}` beside the environment; a variable of the environment "
        "goes before it. "
        "[Deployment](../deployment.md) shows a whole file.",
        f"## {FILE} and the environment",
        table(["in the file, variable", "is", "unless set"], rows),
        "## In the environment alone",
        table(["variable", "is", "unless set"], alone),
        "## A region",
        "A file in `schemas/regions`, or the path of one of your own (`OBSERVATORY_REGION`). It "
        "may have a table `[disclosure]`; "
        "these are its settings and their values unless set, which are the safe ones. A less "
        "safe value needs the reason, "
        "`less_safe_because`, which is printed in every release.",
        table(["setting", "unless set"], method),
        prose(re.sub(r"\s+", " ", (DisclosureMethod.__doc__ or "").split("\n\n", 1)[1])),
        *regions,
        "## How long rows are kept",
        block((ROOT / "schemas/retention.toml").read_text(encoding="utf-8"), "toml"),
    )


def _means(one: Setting) -> str:
    return f"{prose(one.means[:1].upper() + one.means[1:])}. Expected: {prose(one.expected)}."


# --- the code -------------------------------------------------------------------------------------


def heads(room: str) -> dict[str, str]:
    """The docstring of every module of a room, by its path."""
    paths = sorted((ROOT / room).rglob("*.py"))
    return {
        p.relative_to(ROOT).as_posix(): (
            ast.get_docstring(ast.parse(p.read_text(encoding="utf-8"))) or ""
        )
        for p in paths
    }


def _code() -> str:
    parts = [
        (
            "The first lines of every module of the code. The rooms are in the order of "
            "the data's way; "
            "one knows only those before it ([architecture](../architecture.md))."
        ),
    ]
    for room in ROOMS:
        found = heads(room)
        packages = sorted(
            {path.rsplit("/", 1)[0] for path in found}, key=lambda name: (name.count("/"), name)
        )
        for package in packages:
            about = found.get(f"{package}/__init__.py", "")
            rows = [
                [code(path.rsplit("/", 1)[1]), prose(_first_paragraph(text))]
                for path, text in found.items()
                if path.rsplit("/", 1)[0] == package and not path.endswith("__init__.py")
            ]
            level = "##" if package == room else "###"
            parts += [
                f"{level} {package}",
                prose(about),
                table(["file", "is for"], rows) if rows else "",
            ]
    return page("What is in which file", *parts)


def _first_paragraph(text: str) -> str:
    return text.split("\n\n", 1)[0]
