"""Both servers at once, as environment variables; also a command that lends them to another command.

    python -m partnercenter.dev.servers -- pytest tests/accounts

DATABASE_URL and REDIS_URL win: what they name is used instead of an embedded server.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType

from partnercenter.dev.children import end_with_parent, tied_to_us
from partnercenter.dev.folders import first_free
from partnercenter.dev.postgres import Cluster
from partnercenter.dev.valkey import Valkey

ROOT = Path(__file__).resolve().parents[2]
STATE = Path(os.environ.get("DEV_STATE", ROOT / ".dev"))
NAME = "partnercenter"


@contextmanager
def servers(state: Path, environment: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """Run what the environment does not name already; yields the environment that names both."""
    named = dict(environment)
    with ExitStack() as stack:
        if "DATABASE_URL" not in named:
            named["DATABASE_URL"] = start_postgres(state, stack)
        if "REDIS_URL" not in named:
            named["REDIS_URL"] = start_valkey(state, stack)
        yield named


def start_postgres(state: Path, stack: ExitStack) -> str:
    cluster = Cluster(state / "postgres")
    stack.callback(cluster.stop)
    cluster.start()
    cluster.ensure_database(NAME, owner=NAME)
    return cluster.url(database=NAME, user=NAME)


def start_valkey(state: Path, stack: ExitStack) -> str:
    valkey = Valkey(state / "valkey")
    stack.callback(valkey.stop)
    valkey.start()
    return valkey.url


def turn_sigterm_into_exit() -> None:
    """Let SIGTERM unwind the stack as Ctrl-C does, so that everything we started is stopped."""

    def leave(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, leave)


def end_with_make() -> None:
    """Under make, end when make is killed: it could not tell us."""
    if "MAKELEVEL" in os.environ:
        end_with_parent()


def run_command(argv: list[str], environment: Mapping[str, str]) -> int:
    """The command's exit status. It shares our terminal, so Ctrl-C reaches it as well as us; SIGTERM we pass on."""
    command = subprocess.Popen(argv, env=environment, preexec_fn=tied_to_us())
    try:
        return command.wait()
    except KeyboardInterrupt:
        command.terminate()
        return command.wait()


def main() -> int:
    argv = sys.argv[2:] if sys.argv[1:2] == ["--"] else sys.argv[1:]
    if not argv:
        sys.exit(__doc__)
    end_with_make()
    turn_sigterm_into_exit()
    with first_free(STATE, "test") as state, servers(state, os.environ) as environment:
        return run_command(argv, environment)


if __name__ == "__main__":
    sys.exit(main())
