import os
import re
import socket
import subprocess
import sys
import urllib.request
from contextlib import contextmanager

import pytest

from partnercenter.dev import run
from partnercenter.dev.children import accepts_connections, spawn, wait_until
from partnercenter.dev.folders import held
from partnercenter.dev.servers import ROOT

RUN = [sys.executable, "-m", "partnercenter.dev.run"]


@pytest.fixture(scope="module")
def port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


@pytest.fixture
def environment(lasting_state, port):
    inherited = {k: v for k, v in os.environ.items() if k not in {"DATABASE_URL", "REDIS_URL", "MAKELEVEL"}}
    return {**inherited, "DEV_STATE": str(lasting_state), "PORT": str(port)}


@pytest.fixture
def portal(environment):
    """Start `make run` on a state folder of its own; yields the runner once it has printed the address."""

    @contextmanager
    def portal():
        with subprocess.Popen(RUN, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as runner:
            runner.said = "".join(iter_until(runner.stdout, "Partner Center: "))
            yield runner
            runner.kill()

    return portal


def iter_until(lines, beginning):
    for line in lines:
        yield line
        if line.startswith(beginning):
            return


def left_over(state, port):
    shown = subprocess.run(["ps", "-eww", "-o", "args="], capture_output=True, text=True, check=True).stdout
    return [line for line in shown.splitlines() if str(state) in line or f"127.0.0.1:{port}" in line]


def test_one_command_serves_the_portal_and_sigterm_ends_all_of_it(portal, lasting_state, port):
    with portal() as runner:
        with urllib.request.urlopen(f"http://localhost:{port}/health/") as answer:
            assert answer.status == 200
        runner.terminate()

        assert runner.wait(30) == 0

    assert left_over(lasting_state, port) == []


def test_kill_9_leaves_nothing_that_the_next_start_cannot_take_over(portal, lasting_state, port):
    with portal() as killed:
        killed.kill()
        killed.wait()
        assert wait_until(lambda: not accepts_connections(port), seconds=10)

    with portal() as successor:
        assert re.search(rf"^Partner Center: http://localhost:{port}/ ", successor.said, re.MULTILINE)
        successor.terminate()
        successor.wait(30)

    assert wait_until(lambda: left_over(lasting_state, port) == [], seconds=10)


def test_a_second_runner_in_the_same_folder_is_refused(environment, lasting_state):
    with held(lasting_state / "run"):
        refused = subprocess.run(RUN, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True, check=False)

    assert refused.returncode == 1
    assert refused.stderr == f"{lasting_state / 'run'} is in use by another process\n"


def test_a_child_that_ends_by_itself_ends_everything(tmp_path, monkeypatch, port, capsys):
    sleeper = spawn("worker", ["sleep", "60"])
    monkeypatch.setattr(run, "start_worker", lambda *arguments: sleeper)
    monkeypatch.setattr(run, "start_web", lambda *arguments: spawn("web server", ["false"]))

    assert run.serve(tmp_path, {}, port, began=0) == 1

    said = capsys.readouterr()
    assert said.err == "Everything stops, since this ended by itself: web server\n"
    assert said.out == ""
    assert sleeper.has_ended()


def test_a_taken_port_is_named(port):
    with socket.create_server(("127.0.0.1", port)), pytest.raises(run.PortTakenError, match=f"PORT={port + 1}"):
        run.refuse_taken(port)
