"""One sweep at a time in a folder, held by the operating system."""

import os
import subprocess
import sys
from collections import namedtuple

import psutil
import pytest

from kommunanalys.errors import LockHeld, OutputError, UsageError
from kommunanalys.reporting import lock
from kommunanalys.reporting.lock import folder_lock, network

HOLD = """import sys, pathlib
from kommunanalys.reporting.lock import folder_lock
with folder_lock(pathlib.Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()"""


@pytest.fixture
def holder(tmp_path):
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_the_second_is_told_who_holds_it_and_kill_9_lets_go(tmp_path, holder):
    with pytest.raises(LockHeld, match=rf"process {holder.pid} on .+, since 20") as caught, folder_lock(tmp_path):
        pass
    assert caught.value.exit_code == 3
    holder.kill()
    holder.wait()
    with folder_lock(tmp_path):
        pass


def test_once_more_in_the_same_process_and_after_it(tmp_path):
    with folder_lock(tmp_path / "new"):
        with pytest.raises(LockHeld, match=str(os.getpid())), folder_lock(tmp_path / "new"):
            pass
        with folder_lock(tmp_path / "other"):
            pass
    with folder_lock(tmp_path / "new"):
        pass
    assert [item.name for item in (tmp_path / "new").iterdir()] in ([lock.LOCK], [])


def test_processes_that_are_started_do_not_inherit_it(tmp_path):
    with folder_lock(tmp_path):
        child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    with folder_lock(tmp_path):
        child.communicate(b"\n")


@pytest.mark.parametrize(
    ("kind", "options"), [("nfs4", "rw"), ("cifs", "rw"), ("fuse.sshfs", "rw"), ("NTFS", "rw,remote")]
)
def test_network_shares_are_refused_with_the_way_out(tmp_path, monkeypatch, kind, options):
    mount = namedtuple("mount", "mountpoint fstype opts")
    mounts = [mount("/", "ext4", "rw"), mount(str(tmp_path), kind, options), mount(str(tmp_path / "in"), "xfs", "rw")]
    monkeypatch.setattr(psutil, "disk_partitions", lambda **_: mounts)
    with pytest.raises(UsageError, match=kind + r".*--output"), folder_lock(tmp_path / "reports"):
        pass
    assert not (tmp_path / "reports").exists()
    assert network(tmp_path / "in" / "reports") == ""
    assert network(tmp_path.parent) == ""


def test_a_file_system_without_locks_is_refused(tmp_path, monkeypatch):
    fcntl = pytest.importorskip("fcntl", reason="Windows locks in another way")

    def none(*_):
        raise OSError(38, "Function not implemented")

    monkeypatch.setattr(fcntl, "flock", none)
    with pytest.raises(UsageError, match="no locks"), folder_lock(tmp_path):
        pass


def test_a_file_in_the_way(tmp_path):
    (tmp_path / "r").write_text("", encoding="utf-8")
    with pytest.raises(OutputError, match="--output"), folder_lock(tmp_path / "r"):
        pass
