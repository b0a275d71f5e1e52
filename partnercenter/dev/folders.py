"""Folders that hold a server's state: one holder at a time, and sockets whose paths are short enough."""

import fcntl
import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LONGEST_SOCKET_FOLDER = 85  # a socket's whole path may have 107 bytes


class FolderInUseError(RuntimeError):
    """Another living process holds this folder."""


@contextmanager
def held(folder: Path) -> Iterator[Path]:
    """Hold the folder for the length of the block. The kernel lets go of it for us if we are killed."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise FolderInUseError(f"{folder} is in use by another process") from error
        yield folder


@contextmanager
def first_free(parent: Path, name: str) -> Iterator[Path]:
    """Hold the first of `name`-1, `name`-2 … that nobody holds, so that runs never meet and leave no litter."""
    number = 1
    while True:
        try:
            with held(parent / f"{name}-{number}") as folder:
                yield folder
                return
        except FolderInUseError:
            number += 1


def socket_folder(state: Path) -> Path:
    """Where a server with this state folder puts its socket; only its owner may enter.

    The name depends on the inode: a server whose folder was deleted under it removes its socket when it gives up,
    and must not take the socket of the server that has replaced it.
    """
    inode = state.stat().st_ino
    folder = state / f"socket-{inode}"
    if len(str(folder)) > LONGEST_SOCKET_FOLDER:
        folder = own_folder(Path(tempfile.gettempdir()), f"{state}:{inode}") / "socket"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def own_folder(parent: Path, key: str) -> Path:
    """The folder for this key in a place that others can write to as well, refused if somebody else made it."""
    folder = parent / f"partnercenter-{hashlib.sha256(key.encode()).hexdigest()[:12]}"
    folder.mkdir(exist_ok=True)
    if folder.is_symlink() or folder.stat().st_uid != os.geteuid():
        raise PermissionError(f"{folder} belongs to somebody else")
    folder.chmod(0o711)
    return folder
