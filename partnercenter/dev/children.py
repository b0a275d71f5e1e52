"""Child processes that never outlive us: stopped in order on a good day, by the kernel on a bad one."""

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


@dataclass(frozen=True)
class Account:
    """The system account that a program runs as."""

    uid: int
    gid: int

    def as_popen_arguments(self) -> dict[str, object]:
        return {"user": self.uid, "group": self.gid, "extra_groups": []}


@dataclass
class Child:
    """A started program, in a process group of its own so that Ctrl-C reaches only its starter."""

    name: str
    process: subprocess.Popen[bytes]
    stop_signal: signal.Signals

    def has_ended(self) -> bool:
        return self.process.poll() is not None

    def stop(self, *, patience: float = 10) -> None:
        """End it the way it likes to be ended, and by force when it takes longer than `patience` seconds."""
        if self.has_ended():
            return
        os.killpg(self.process.pid, self.stop_signal)
        try:
            self.process.wait(patience)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


def spawn(
    name: str,
    argv: Sequence[str | Path],
    *,
    log: Path | None = None,
    cwd: str | Path | None = None,
    env: Mapping[str, str] | None = None,
    account: Account | None = None,
    stop_signal: signal.Signals = signal.SIGTERM,
) -> Child:
    """Start a program. What it says goes to `log`, emptied first, or to our own terminal without one."""
    output: IO[bytes] | None = log.open("wb") if log else None
    try:
        process = subprocess.Popen(  # type: ignore[call-overload]  # keyword arguments chosen at run time
            [str(word) for word in argv],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT if output else None,
            cwd=cwd,
            env=env,
            preexec_fn=tied_to_us(stop_signal),
            start_new_session=True,
            **(account.as_popen_arguments() if account else {}),
        )
    finally:
        if output:
            output.close()
    return Child(name, process, stop_signal)


def end_with_parent(stop_signal: signal.Signals = signal.SIGTERM) -> None:
    """Ask Linux to signal this process when its parent dies, even by kill -9. Elsewhere nothing happens."""
    if LIBC:
        LIBC.prctl(PR_SET_PDEATHSIG, stop_signal)


def tied_to_us(stop_signal: signal.Signals = signal.SIGTERM) -> Callable[[], None]:
    """What a new child has to run first, so that it gets the signal when we die."""
    parent = os.getpid()

    def tie() -> None:
        end_with_parent(stop_signal)
        if os.getppid() != parent:  # it died before we could ask
            os._exit(1)

    return tie


def wait_until(condition: Callable[[], bool], *, seconds: float, pause: float = 0.03) -> bool:
    """True as soon as the condition holds, False when the time is up."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(pause)
    return True


def accepts_connections(port: int, host: str = "127.0.0.1") -> bool:
    """Whether somebody listens on that port."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((host, port)) == 0
