import os
import signal
import subprocess
import sys

import pytest

from partnercenter.dev.children import wait_until
from partnercenter.dev.servers import ROOT, servers

REPORT = "import os; print(os.environ['DATABASE_URL'], os.environ['REDIS_URL'], flush=True)"
REPORT_AND_WAIT = f"{REPORT}; import time; time.sleep(60)"


@pytest.fixture
def lend(lasting_state):
    """The command line that lends both servers to a piece of Python."""

    def lend(source, **environment):
        inherited = {k: v for k, v in os.environ.items() if k not in {"DATABASE_URL", "REDIS_URL", "MAKELEVEL"}}
        return subprocess.Popen(
            [sys.executable, "-m", "partnercenter.dev.servers", "--", sys.executable, "-c", source],
            cwd=ROOT,
            env={**inherited, "DEV_STATE": str(lasting_state), **environment},
            stdout=subprocess.PIPE,
            text=True,
        )

    return lend


def processes_that_mention(folder):
    shown = subprocess.run(["ps", "-eww", "-o", "args="], capture_output=True, text=True, check=True).stdout
    return [line for line in shown.splitlines() if str(folder) in line]


def test_both_are_lent_and_gone_afterwards(lend, lasting_state):
    with lend(REPORT) as lender:
        database, redis = lender.stdout.readline().split()

    assert database.startswith(f"postgresql://partnercenter@/partnercenter?host={lasting_state}/test-1/postgres/")
    assert redis.startswith(f"redis+socket://{lasting_state}/test-1/valkey/")
    assert processes_that_mention(lasting_state) == []


def test_the_exit_status_is_the_commands_own(lend):
    with lend("raise SystemExit(5)") as lender:
        pass

    assert lender.returncode == 5


def test_sigterm_ends_the_command_and_the_servers(lend, lasting_state):
    with lend(REPORT_AND_WAIT) as lender:
        lender.stdout.readline()
        lender.terminate()

    assert lender.returncode == -signal.SIGTERM % 256
    assert processes_that_mention(lasting_state) == []


def test_kill_9_leaves_nothing_that_the_next_start_cannot_take_over(lend, lasting_state):
    with lend(REPORT_AND_WAIT) as killed:
        before = killed.stdout.readline()
        killed.kill()

    with lend(REPORT) as successor:
        after = successor.stdout.readline()

    assert before == after
    assert wait_until(lambda: processes_that_mention(lasting_state) == [], seconds=5)


def test_two_at_once_get_servers_of_their_own(lend):
    with lend(REPORT_AND_WAIT) as one, lend(REPORT_AND_WAIT) as other:
        first, second = one.stdout.readline().split(), other.stdout.readline().split()
        one.terminate()
        other.terminate()

    assert first[0] != second[0]
    assert first[1] != second[1]


def test_named_servers_are_used_instead(state):
    named = {"DATABASE_URL": "postgresql://elsewhere/portal", "REDIS_URL": "redis://elsewhere"}

    with servers(state, named) as environment:
        assert environment == named

    assert list(state.iterdir()) == []
