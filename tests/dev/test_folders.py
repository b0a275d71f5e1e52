import pytest

from partnercenter.dev.folders import FolderInUseError, first_free, held, own_folder, socket_folder


def test_a_held_folder_is_refused_to_others(tmp_path):
    with held(tmp_path), pytest.raises(FolderInUseError, match=tmp_path.name), held(tmp_path):
        pass


def test_a_folder_is_free_again_afterwards(tmp_path):
    with held(tmp_path):
        pass

    with held(tmp_path) as folder:
        assert folder == tmp_path


def test_first_free_passes_over_those_in_use(tmp_path):
    with first_free(tmp_path, "test") as one, first_free(tmp_path, "test") as two:
        assert [one.name, two.name] == ["test-1", "test-2"]

    with first_free(tmp_path, "test") as again:
        assert again.name == "test-1"


def test_a_socket_folder_belongs_to_its_owner_alone(state):
    assert oct(socket_folder(state).stat().st_mode)[-3:] == "700"


def test_a_folder_made_anew_has_another_socket_folder(state):
    folder = state / "server"
    folder.mkdir()
    before = socket_folder(folder)
    folder.rename(state / "removed")
    folder.mkdir()

    assert socket_folder(folder) != before


def test_own_folder_is_not_taken_from_somebody_else(tmp_path, monkeypatch):
    own_folder(tmp_path, "key")
    monkeypatch.setattr("partnercenter.dev.folders.os.geteuid", lambda: 12345)

    with pytest.raises(PermissionError, match="somebody else"):
        own_folder(tmp_path, "key")


def test_own_folder_is_not_a_link(tmp_path):
    folder = own_folder(tmp_path, "key")
    folder.rename(tmp_path / "target")
    folder.symlink_to(tmp_path / "target")

    with pytest.raises(PermissionError, match="somebody else"):
        own_folder(tmp_path, "key")
