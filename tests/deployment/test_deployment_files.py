"""The deployment's files: units that systemd takes, containers that hold what the program needs,
and settings that are known.
"""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

import pipelines.command as command
from resources import configuration
from tests.deployment.test_wheel import PACKED

ROOT = Path(__file__).resolve().parents[2]
UNITS = sorted((ROOT / "deployment" / "systemd").iterdir())
CONTAINER = ROOT / "deployment" / "container"


def commands_of(unit: Path) -> list[list[str]]:
    """What a unit starts, word by word, behind the program."""
    return [
        shlex.split(line)[1:]
        for line in re.findall(r"^ExecStart=(.*)$", unit.read_text(), re.MULTILINE)
    ]


@pytest.mark.parametrize(
    "words", [words for unit in UNITS for words in commands_of(unit)], ids=" ".join
)
def test_what_a_unit_starts_is_a_command_with_these_options(words):
    done = CliRunner().invoke(command.cli, [*words, "--help"])
    assert done.exit_code == 0, done.output


def test_systemd_takes_the_units(tmp_path):
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not on this machine")
    program, written = tmp_path / "observatory", [tmp_path / unit.name for unit in UNITS]
    program.symlink_to(sys.executable)  # the interpreter's own path may have a space
    for unit, path in zip(UNITS, written, strict=True):
        path.write_text(
            re.sub(r"/opt/observatory/.venv/bin/observatory", str(program), unit.read_text())
        )
    done = subprocess.run(
        ["systemd-analyze", "verify", *map(str, written)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_each_service_may_write_where_the_docs_configuration_has_it_write_and_starts_where_that_is_missing():
    """systemd ends a service with 226/NAMESPACE where a folder of ReadWritePaths without a dash
    before it is not there.
    """
    text = re.search(
        r"```toml\n(.*?)```", (ROOT / "docs" / "deployment.md").read_text(), re.DOTALL
    )[1]
    said = tomllib.loads(re.sub(r"^# (\w+ = )", r"\1", text, flags=re.MULTILINE))
    for unit in (unit for unit in UNITS if unit.suffix == ".service"):
        paths = " ".join(
            re.findall(r"^ReadWritePaths=(.*)$", unit.read_text(), re.MULTILINE)
        ).split()
        assert {said["home"], f"-{said['outbox']}", f"-{said['recovery']['archive']}"} <= set(
            paths
        ), unit.name


def test_every_timer_has_its_service_and_every_service_but_the_first_its_timer():
    stems = {
        suffix: {unit.stem for unit in UNITS if unit.suffix == suffix}
        for suffix in (".service", ".timer")
    }
    assert stems[".service"] - {"observatory"} == stems[".timer"]


def test_the_container_holds_every_folder_of_the_program_and_runs_as_nobody_special():
    lines = (CONTAINER / "Containerfile").read_text().splitlines()
    copied = {
        line.split()[1]
        for line in lines
        if line.startswith("COPY ") and "--from" not in line and len(line.split()) == 3
    }
    assert copied == set(PACKED)
    for line in lines:
        if line.startswith("COPY ") and "--from" not in line:
            assert all((ROOT / name).exists() for name in line.split()[1:-1]), line
    assert [line for line in lines if line.startswith("USER ")] == ["USER observatory"]


def test_the_compose_file_gives_only_settings_that_are_known_and_opens_no_port_to_the_network():
    services = yaml.safe_load((CONTAINER / "compose.yaml").read_text())["services"]
    known = {setting.variable for setting in configuration.SETTINGS.values()} | {
        "OBSERVATORY_PSEUDONYM_KEY"
    }
    assert set(services["observatory"]["environment"]) <= known
    ports = [port for service in services.values() for port in service.get("ports", [])]
    assert ports and all(port.startswith("127.0.0.1:") for port in ports)
    assert services["proxy"]["network_mode"] == "service:observatory"
    assert (CONTAINER / services["observatory"]["build"]["context"]).resolve() == ROOT


def test_the_configuration_in_the_docs_is_one_that_is_taken(tmp_path):
    text = re.search(
        r"```toml\n(.*?)```", (ROOT / "docs" / "deployment.md").read_text(), re.DOTALL
    )[1]
    everything = re.sub(r"^# (\w+ = )", r"\1", text, flags=re.MULTILINE)
    path = tmp_path / "observatory.toml"
    path.write_text(everything)
    path.chmod(0o600)
    assert configuration.read(path).keys() == {
        setting.variable for setting in configuration.SETTINGS.values()
    }
    assert tomllib.loads(text)
