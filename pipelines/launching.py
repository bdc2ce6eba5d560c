"""Launching: a run of `observatory serve` starts in a moment, forked from a process that has
imported everything.

Belongs here: Dagster's run launcher as we configure it, and the process that it forks runs from.
Does not belong here: what a run does (`jobs`), and runs that died (`dead`).

Dagster's own launcher starts an interpreter a run: on a small server its imports take longer than
the work of a return that lands by itself. A fork is a process of its own all the same, that may be
killed without harm to others. The code location's reload (a button of the UI) reloads this, too:
the process is one of the code server's identity, and another one takes its place.
"""

import contextlib
import gc
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import traceback
from typing import Any

import dagster as dg
from dagster._core.launcher import DefaultRunLauncher, LaunchRunContext

from pipelines.dead import PROCESS, name_of, this_process

_FORKS = sys.platform == "linux"
"""Elsewhere a process that has imported as much does not survive a fork."""


class Ready:
    """A process that has imported everything, from which runs are forked. It ends with whoever
    started it.
    """

    def __init__(self, code: str) -> None:
        self.code = code
        ours, theirs = socket.socketpair()
        with theirs:
            command = [
                sys.executable,
                # nothing of the folder we stand in is imported
                "-P",
                "-c",
                f"from pipelines.launching import be_ready; be_ready({theirs.fileno()})",
            ]
            self._process = subprocess.Popen(
                command, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL
            )
        self._lines = ours.makefile("rw", encoding="utf-8")
        ours.close()

    def start(self, run_id: str) -> int:
        """Fork a process for a run; gives its number.

        Raises:
            OSError: the process has ended.
        """
        self._lines.write(json.dumps(run_id) + "\n")
        self._lines.flush()
        if not (line := self._lines.readline()):
            raise OSError("the process from which runs are forked has ended")
        return int(json.loads(line))

    def end(self) -> None:
        """End it; runs that it has forked go on."""
        with contextlib.suppress(OSError):
            self._lines.close()
        self._process.kill()
        self._process.wait()


class Launcher(DefaultRunLauncher):
    """Dagster's launcher, but that a run is forked where that can be done. A run's tag says in
    which process it is.
    """

    _ready: Ready | None = None
    _one_at_a_time = threading.Lock()

    def launch_run(self, context: LaunchRunContext) -> None:
        """Start a run, in a process of its own."""
        if not _FORKS or context.workspace is None or context.dagster_run.remote_job_origin is None:
            super().launch_run(context)
            return
        origin = context.dagster_run.remote_job_origin.repository_origin.code_location_origin
        code = context.workspace.get_code_location(origin.location_name)
        # one question at a time: two would take each other's answers
        with self._one_at_a_time:
            self._start(context.dagster_run.run_id, str(getattr(code, "server_id", "")))

    def _start(self, run_id: str, code: str) -> None:
        cls = type(self)
        # one that has ended is begun once more
        for is_last in (False, True):
            # what it has imported is of older code
            if cls._ready is not None and cls._ready.code != code:
                cls._ready.end()
                cls._ready = None
            cls._ready = cls._ready or Ready(code)
            try:
                cls._ready.start(run_id)
                return
            except OSError:
                cls._ready.end()
                cls._ready = None
                if is_last:
                    raise

    def terminate(self, run_id: str) -> bool:
        """Interrupt a run, in whichever process it is: one of ours or of the command. False where
        it is in none.
        """
        run = self._instance.get_run_by_id(run_id)
        process = run.tags.get(PROCESS, "") if run and not run.is_finished else ""
        if not run or not process:
            return bool(super().terminate(run_id))
        number = int(process.split()[0])
        if name_of(number) != process:
            return False
        self._instance.report_run_canceling(run)
        os.kill(number, signal.SIGINT)
        return True

    def dispose(self) -> None:
        """Nothing: the process is everybody's in this one, and ends with it."""


def be_ready(place: int) -> None:
    """Import everything, then fork a process for each run that is asked for at the socket `place`,
    and say its number.
    """
    from assets.warehouse.building import all_checks
    from assets.warehouse.models import understandings
    from pipelines.definitions import defs

    understandings(), all_checks()
    repository: Any = defs.get_repository_def()
    for job in repository.get_all_jobs():
        repository.get_job(job.name)
    gc.set_threshold(50_000, 20, 20)  # as of the command: `pipelines.command.main` says why
    gc.freeze()
    signal.signal(
        signal.SIGINT, signal.SIG_IGN
    )  # a Ctrl-C at the terminal is for `serve`, which ends us
    signal.signal(signal.SIGCHLD, lambda *_: _let_go())
    with socket.socket(fileno=place) as asked, asked.makefile("rw", encoding="utf-8") as lines:
        for line in lines:
            if (child := os.fork()) == 0:
                # the connection is for who forks
                os.close(place)
                _be_a_run(json.loads(line))
            lines.write(json.dumps(child) + "\n")
            lines.flush()


def _let_go() -> None:
    """Take note of runs that have ended; how they ended stands in Dagster's history."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _be_a_run(run_id: str) -> None:
    """Do a run as Dagster does it in a process of its own, with our event log; never returns."""
    code = 1
    try:
        # to be interrupted is how a run is ended
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        from dagster._cli.api import api_cli
        from dagster._grpc.types import ExecuteRunArgs

        from pipelines.instance import dagster_instance
        from resources.settings import settings_from_environment

        with dagster_instance(settings_from_environment()) as instance:
            run: dg.DagsterRun | None = instance.get_run_by_id(run_id)
            if run is None or run.job_code_origin is None:
                return  # taken out of the history before it began
            held = run.tags.get(PROCESS, "")
            if held and name_of(int(held.split()[0])) == held:
                return  # it was asked for twice, and is at work
            instance.add_run_tags(run_id, {PROCESS: this_process()})
            asked = ExecuteRunArgs(run.job_code_origin, run_id, instance.get_ref())
        code = api_cli.main(asked.get_command_args()[-2:], standalone_mode=False) or 0
    except BaseException:  # before Dagster has taken over nobody else says why
        traceback.print_exc()
    finally:
        with contextlib.suppress(OSError, ValueError):
            sys.stdout.flush(), sys.stderr.flush()
        os._exit(code)
