"""`make run`: the whole portal in one process tree. Ctrl-C or SIGTERM ends all of it.

    PORT=8080 make run

DATABASE_URL and REDIS_URL name servers of your own; without them embedded ones keep their data in .dev/run,
or under DEV_STATE instead of .dev.
"""

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

from partnercenter.dev.children import Child, accepts_connections, spawn, wait_until
from partnercenter.dev.folders import FolderInUseError, held
from partnercenter.dev.messages import compile_catalogues
from partnercenter.dev.postgres import PostgresError
from partnercenter.dev.servers import ROOT, STATE, end_with_make, servers, turn_sigterm_into_exit
from partnercenter.dev.valkey import ValkeyError

MANAGE = [sys.executable, "manage.py"]
CELERY = [sys.executable, "-m", "celery", "-A", "partnercenter.celery"]
WORKER = [*CELERY, "worker", "-B", "--pool=threads", "--concurrency=2", "--without-gossip", "--without-mingle"]


def main() -> int:
    began = time.monotonic()
    port = int(os.environ.get("PORT", "8000"))
    end_with_make()
    turn_sigterm_into_exit()
    try:
        refuse_taken(port)
        with held(STATE / "run") as state, servers(state, settings_for_development(port)) as environment:
            prepare(environment)
            return serve(state, environment, port, began)
    except KeyboardInterrupt:
        print("\nEverything has stopped.")
        return 0
    except (FolderInUseError, PostgresError, ValkeyError, PortTakenError) as problem:
        print(problem, file=sys.stderr)
        return 1


class PortTakenError(RuntimeError):
    """Somebody else listens on the port."""


def settings_for_development(port: int) -> Mapping[str, str]:
    quiet = {"DJANGO_RUNSERVER_HIDE_WARNING": "true", "PYTHONUNBUFFERED": "1"}
    return {"DEBUG": "1", **quiet, **os.environ, "PORT": str(port)}


def refuse_taken(port: int) -> None:
    if accepts_connections(port):
        raise PortTakenError(f"Port {port} is taken. Try another one: PORT={port + 1} make run")


def prepare(environment: Mapping[str, str]) -> None:
    """Bring the database and the translations up to date; fill an empty database with demo data."""
    compile_catalogues()
    for command in (["migrate", "-v", "0"], ["load_demo", "--if-empty"]):
        manage(command, environment)


def manage(command: list[str], environment: Mapping[str, str]) -> None:
    done = subprocess.run([*MANAGE, *command], cwd=ROOT, env=environment, check=False)
    if done.returncode:
        sys.exit(f"manage.py {' '.join(command)} failed")


def serve(state: Path, environment: Mapping[str, str], port: int, began: float) -> int:
    """Run the worker and the web server until one of them ends or we are asked to stop."""
    with ExitStack() as stack:
        children = [start_worker(state, environment), start_web(environment, port)]
        for child in children:
            stack.callback(child.stop)
        if wait_until(lambda: accepts_connections(port) or bool(ended(children)), seconds=60) and not ended(children):
            print(f"\nPartner Center: http://localhost:{port}/   (after {time.monotonic() - began:.1f} s)")
            print(f"Ctrl-C stops it. The worker's log: {state / 'worker.log'}\n", flush=True)
        while not (names := ended(children)):
            time.sleep(0.3)
        print(f"Everything stops, since this ended by itself: {', '.join(names)}", file=sys.stderr)
    return 1


def ended(children: Sequence[Child]) -> list[str]:
    return [child.name for child in children if child.has_ended()]


def start_worker(state: Path, environment: Mapping[str, str]) -> Child:
    schedule = ["--loglevel", "info", "--schedule", str(state / "beat")]
    return spawn("worker", [*WORKER, *schedule], log=state / "worker.log", cwd=ROOT, env=environment)


def start_web(environment: Mapping[str, str], port: int) -> Child:
    return spawn("web server", [*MANAGE, "runserver", "--skip-checks", f"127.0.0.1:{port}"], cwd=ROOT, env=environment)


if __name__ == "__main__":
    sys.exit(main())
