import shutil
import tempfile
from pathlib import Path

import pytest

from partnercenter.dev.postgres import SHARED_PLACE


def reachable_folder():
    """A folder that an unprivileged account may reach, unlike pytest's own temporary folders."""
    folder = Path(tempfile.mkdtemp(dir=SHARED_PLACE, prefix="partnercenter-test-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def state():
    yield from reachable_folder()


@pytest.fixture(scope="module")
def lasting_state():
    """For tests that may find what earlier ones left: creating a cluster takes a second."""
    yield from reachable_folder()
