import os
import signal

import pytest
import redis

from partnercenter.dev import valkey
from partnercenter.dev.valkey import Valkey, ValkeyError


@pytest.fixture
def start(state):
    """Start a Valkey; all of them stop at the end."""
    started = []

    def start(name="valkey"):
        server = Valkey(state / name)
        started.append(server)
        server.start()
        return server

    yield start
    for server in started:
        server.stop()


def client(server):
    return redis.Redis(unix_socket_path=str(server.socket))


def test_start_gives_a_server_that_remembers(start):
    with client(start()) as connection:
        connection.set("word", "kept")

        assert connection.get("word") == b"kept"


def test_it_listens_on_its_socket_only(start):
    with client(start()) as connection:
        assert connection.config_get("port") == {"port": "0"}


def test_the_url_is_one_that_celery_understands(start):
    server = start()

    assert server.url == f"redis+socket://{server.socket}"


def test_stop_leaves_no_server_and_no_socket(start):
    server = start()

    server.stop()

    assert not server.answers()
    assert not server.socket.exists()


def test_it_starts_again_after_kill_9(start):
    first = start()
    os.kill(first.child.process.pid, signal.SIGKILL)
    first.child.process.wait()

    assert start().answers()


def test_a_server_left_behind_is_ended_by_the_next_start(start):
    orphan = start()

    successor = start()

    assert orphan.child.process.wait(5) == 0
    assert successor.answers()


def test_two_servers_do_not_meet(start):
    one, other = start("one"), start("other")

    with client(one) as here, client(other) as there:
        here.set("word", "only here")

        assert there.get("word") is None


def test_a_server_that_cannot_start_says_why(start, monkeypatch):
    monkeypatch.setattr(Valkey, "_settings", lambda self: ["--no-such-setting", "1"])

    with pytest.raises(ValkeyError, match="no-such-setting"):
        start()


def test_without_the_wheel_an_installed_server_is_taken(monkeypatch, tmp_path):
    program = tmp_path / "redis-server"
    program.touch(mode=0o755)
    monkeypatch.setattr(valkey.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setenv("PATH", str(tmp_path))

    assert valkey.find_binary() == program


def test_without_any_server_the_message_says_what_to_do(monkeypatch, tmp_path):
    monkeypatch.setattr(valkey.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(ValkeyError, match="REDIS_URL"):
        valkey.find_binary()
