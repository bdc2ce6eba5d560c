"""A wheel holds all that the program needs, and works from any folder with the clone out of sight."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from resources.version import VERSION
from tests import builders

ROOT = Path(__file__).resolve().parents[2]
PACKED = ("schemas", "resources", "assets", "made_up", "pipelines", "dbt_like_sql")


def _tracked() -> list[str]:
    """The files that make up the program, as far as they are not left out on purpose."""
    files = [
        path.relative_to(ROOT)
        for folder in PACKED
        for path in (ROOT / folder).rglob("*")
        if path.is_file()
    ]
    beside = {"__pycache__", ".ruff_cache", "ruff.toml"}
    return sorted(
        str(path) for path in files if not beside & set(path.parts) and path.suffix != ".md"
    )


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    """The wheel, built offline from a copy: building leaves folders beside what it builds."""
    copy = tmp_path_factory.mktemp("a copy")
    for name in (*PACKED, "pyproject.toml", "README.md", "LICENSE"):
        source = ROOT / name
        ignored = shutil.ignore_patterns("__pycache__", ".ruff_cache")
        (
            shutil.copytree(source, copy / name, ignore=ignored)
            if source.is_dir()
            else shutil.copy(source, copy / name)
        )
    command = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--quiet",
        "--no-deps",
        "--no-index",
        "--no-build-isolation",
        "--wheel-dir",
        copy / "dist",
        copy,
    ]
    subprocess.run(command, check=True)
    return next((copy / "dist").glob("*.whl"))


def test_a_wheel_holds_every_file_of_the_program_and_says_its_version(wheel):
    held = set(zipfile.ZipFile(wheel).namelist())
    assert sorted(set(_tracked()) - held) == []
    assert wheel.name.startswith(f"sufficiency_observatory-{VERSION}-")


def test_a_wheel_runs_a_quarter_from_another_folder_with_the_clone_out_of_sight(wheel, tmp_path):
    environment = tmp_path / "an environment"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", environment], check=True)
    python = environment / "bin" / "python"
    site = Path(
        subprocess.check_output(
            [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], text=True
        ).strip()
    )
    # the libraries, without what makes the clone importable: a path file of theirs is not looked
    # into
    (site / "libraries.pth").write_text(
        f"{sysconfig.get_path('purelib')}\n{sysconfig.get_path('platlib')}\n"
    )
    subprocess.run(
        [
            sys.executable,
            "-m",
            "pip",
            "--python",
            python,
            "install",
            "--quiet",
            "--no-deps",
            "--no-index",
            "--ignore-installed",
            wheel,
        ],
        check=True,
    )
    folder = tmp_path / "landing" / "2025-03-31" / "ofsted"
    folder.mkdir(parents=True)
    homes = [
        {"urn": f"SC{n:06d}", "local_authority": "Stockport" if n % 2 else "Trafford"}
        for n in range(60)
    ]
    builders.register(homes).to_csv(folder / "list.csv", index=False)
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("OBSERVATORY_", "PYTHON", "DAGSTER"))
    }
    kept["OBSERVATORY_HOME"] = str(tmp_path / "home")
    where = subprocess.check_output(
        [python, "-c", "import pipelines; print(pipelines.__file__)"],
        cwd=tmp_path,
        env=kept,
        text=True,
    )
    assert where.startswith(str(site))
    done = subprocess.run(
        [environment / "bin" / "observatory", "run", "--landing", "landing"],
        cwd=tmp_path,
        env=kept,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "60 homes" in done.stdout and str(ROOT) not in done.stdout
    assert list((tmp_path / "home" / "drafts" / "2025-03-31").iterdir())
