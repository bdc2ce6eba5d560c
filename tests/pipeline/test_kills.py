"""The commands, killed with SIGKILL while they work: a few kills of one quarter's life. Fifty are `python -m tests.kills --kills 50`."""

from __future__ import annotations

import os
import random
import tempfile
from pathlib import Path

from tests.kills import APPROVER, DATES, Home, nursery, play, undisturbed

KILLS = int(os.environ.get("OBSERVATORY_KILLS", "3"))
LIFE = [["run"], ["approve", "--all", "--by", APPROVER]]


def test_the_commands_killed_and_given_again_leave_everything_as_if_nothing_had_happened():
    with tempfile.TemporaryDirectory(prefix="kills ", ignore_cleanup_errors=True) as folder, nursery() as born:
        Path(folder).chmod(0o755)
        whole = undisturbed(Home(Path(folder) / "whole", born, DATES[:1], LIFE))
        home = Home(Path(folder) / "killed", born, DATES[:1], LIFE)
        killed = play(home, whole, random.Random(5), KILLS)
        assert killed.total() > 0
        assert home.differences(whole) == []
        made = whole.files()
        assert f"releases/{DATES[0]}/r1/manifest.json" in made and f"releases/{DATES[0]}/r1/page/index.html" in made
        assert sum(name.startswith(f"outbox/{DATES[0]}/356/") for name in made) == 4
