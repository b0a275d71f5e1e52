import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from partnercenter.dev.children import accepts_connections, spawn, wait_until

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends children with their parent")
STARTER = """
import time
from partnercenter.dev.children import spawn
print(spawn("sleeper", ["sleep", "60"]).process.pid, flush=True)
time.sleep(60)
"""


def is_gone(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except FileNotFoundError:
        return True


def test_what_a_child_says_goes_to_its_log(tmp_path):
    child = spawn("speaker", ["sh", "-c", "echo word; echo complaint >&2"], log=tmp_path / "log")

    child.process.wait()

    assert (tmp_path / "log").read_text() == "word\ncomplaint\n"


def test_stop_sends_the_signal_that_the_child_asked_for(tmp_path):
    # Not INT, which is ignored for good in whatever a shell starts in the background.
    script = "trap 'echo stopped; exit 7' USR1; echo ready; while :; do :; done"
    child = spawn("polite", ["sh", "-c", script], log=tmp_path / "log", stop_signal=signal.SIGUSR1)
    assert wait_until(lambda: (tmp_path / "log").read_text() == "ready\n", seconds=5)

    child.stop()

    assert (tmp_path / "log").read_text() == "ready\nstopped\n"
    assert child.process.returncode == 7


def test_stop_uses_force_when_patience_ends(tmp_path):
    script = "trap '' TERM; echo ready; while :; do sleep 0.05; done"
    child = spawn("stubborn", ["sh", "-c", script], log=tmp_path / "log")
    assert wait_until(lambda: (tmp_path / "log").read_text() == "ready\n", seconds=5)

    child.stop(patience=0.1)

    assert child.process.returncode == -signal.SIGKILL


def test_stop_of_a_child_that_has_ended_does_nothing():
    child = spawn("short", ["true"])
    child.process.wait()

    child.stop()

    assert child.process.returncode == 0


@on_linux
def test_a_child_ends_when_its_parent_is_killed():
    with subprocess.Popen([sys.executable, "-c", STARTER], stdout=subprocess.PIPE, text=True) as starter:
        sleeper = int(starter.stdout.readline())
        assert not is_gone(sleeper)

        os.kill(starter.pid, signal.SIGKILL)

        assert wait_until(lambda: is_gone(sleeper), seconds=5)


def test_wait_until_gives_up():
    assert wait_until(lambda: False, seconds=0) is False


def test_accepts_connections_only_while_somebody_listens():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        assert accepts_connections(port)

    assert not accepts_connections(port)
