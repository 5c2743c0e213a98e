"""In which order names, contents and folders are put on disk, as strace sees the real binary do it.

A power cut may take any name that its folder was not synced with, and any content that its file was not synced with. So a file must be
synced before it gets its name, and the folder after that, before anybody is told that it is done. And whoever is killed at any step of
it must leave something that the next start takes.
"""

import pathlib
import re
import shutil
import subprocess

import pytest
from figures import record
from machine import BINARY, Clients, ENVIRONMENT, Service, command, until

CALLS = "write,pwrite64,copy_file_range,sendfile,ftruncate,rename,renameat,renameat2,link,linkat,mkdir,mkdirat,unlink,unlinkat,fsync,fdatasync"
NAMING = ["rename", "linkat", "mkdir", "unlink", "fsync", "fdatasync"]
CALL = re.compile(r"^\d+ +(\w+)\((.*)\) += 0|^\d+ +(p?write(?:64)?|copy_file_range|sendfile)\((.*)\) += \d+")
PATH = re.compile(r'"([^"]*)"|\d+<([^>]*)>')


class Order:
    """What a power cut could still take, as the calls go on."""

    def __init__(self, within):
        self.within = str(within)
        self.unsynced, self.names, self.published = set(), {}, 0

    def follow(self, trace):
        begun = {}
        for line in trace.read_text(errors="replace").splitlines():
            thread = line.split(" ", 1)[0]
            # Of threads that call at the same time, strace tells a call's beginning and its end apart.
            if line.endswith(" <unfinished ...>"):
                begun[thread] = line.removesuffix(" <unfinished ...>")
                continue
            if resumed := re.match(r"\d+ +<\.\.\. \w+ resumed>(.*)", line):
                line = begun.pop(thread, "") + resumed[1]
            if found := CALL.match(line):
                call, arguments = (found[1], found[2]) if found[1] else (found[3], found[4])
                if call in ("write", "pwrite64"):
                    arguments = arguments.split(",", 1)[0]
                paths = [a or b for a, b in PATH.findall(arguments)]
                paths = [path for path in paths if path.startswith(self.within) and "socket" not in path]
                if paths:
                    self.call(call, paths)
        return self

    def call(self, call, paths):
        folder = str(pathlib.Path(paths[-1]).parent)
        if call in ("write", "pwrite64", "ftruncate", "sendfile"):
            self.unsynced.add(paths[0])
        elif call == "copy_file_range":
            self.unsynced.add(paths[-1])
        elif call in ("fsync", "fdatasync"):
            self.unsynced.discard(paths[0])
            self.names.pop(paths[0], None)
        elif call.startswith(("rename", "link")):
            assert paths[0] not in self.unsynced, f"{paths[0]} got its name {paths[-1]} before it was synced"
            self.names.setdefault(folder, set()).add(paths[-1])
            self.published += 1
        elif call.startswith("mkdir"):
            self.names.setdefault(folder, set()).add(paths[-1])

    def done(self):
        """Nothing that was given a name may be taken by a power cut any more."""
        assert not self.names, f"these names may be lost: {self.names}"
        assert self.published, "nothing was published"


def traced(within, *words):
    """Run a command of the binary to its end under strace."""
    trace = within / "trace"
    done = subprocess.run(["strace", "-f", "-y", "-q", "-s", "1", "-e", f"trace={CALLS}", "-o", trace, BINARY, *words],
                          env={**ENVIRONMENT, "DATA_DIR": str(within / "new" / "data")}, stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return Order(within).follow(trace)


@pytest.fixture
def lived(tmp_path):
    """A database that clients have signed in to, a copy of it, and the clients."""
    data = tmp_path / "lived" / "data"
    data.parent.mkdir()
    service = Service(data).ready()
    clients = Clients(service)
    clients.work(2)
    service.end()
    made = command(data, "backup", tmp_path / "copy.redb")
    assert made.returncode == 0, made.stderr
    return data, tmp_path / "copy.redb", clients


def test_a_new_database_a_copy_and_a_restore_are_on_disk_before_they_are_told_of(tmp_path, lived):
    _, copy, _ = lived
    traced(tmp_path, "restore", str(copy)).done()
    traced(tmp_path, "restore", str(copy)).done()
    traced(tmp_path, "backup", str(tmp_path / "new/copy.redb")).done()
    shutil.rmtree(tmp_path / "new")
    trace = tmp_path / "trace"
    (tmp_path / "first").mkdir()
    service = Service(tmp_path / "first" / "data", "strace", "-f", "-y", "-q", "-s", "1", "-e", f"trace={CALLS}", "-o", str(trace))
    try:
        service.ready()
        Order(tmp_path).follow(trace).done()
        clients = Clients(service)
        clients.work(3)
        # The guard may just be on its way.
        until(lambda: not Order(tmp_path).follow(trace).names, "all names are synced")
        assert Order(tmp_path).follow(trace).published > 3
    finally:
        service.kill()
    record("order of writes, names and syncs of a file system", 4)


@pytest.mark.parametrize("what", ["start", "backup", "restore"])
def test_whoever_is_killed_at_any_step_leaves_what_the_next_start_takes(tmp_path, lived, what):
    original, copy, clients = lived
    tried = 0
    for call in NAMING:
        for when in range(1, 30):
            data = tmp_path / f"{call}-{when}" / "data"
            data.parent.mkdir()
            if what != "start":
                shutil.copytree(original, data)
            words = {"start": ["serve"], "backup": ["backup", data.parent / "copy.redb"], "restore": ["restore", copy]}[what]
            killed = subprocess.Popen(
                ["strace", "-f", "-q", "-o", "/dev/null", "-e", f"trace={call}", "-e", f"inject={call}:signal=KILL:when={when}",
                 BINARY, *words], env={**ENVIRONMENT, "DATA_DIR": str(data)}, stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
            end = lambda killed=killed: killed.poll() is not None  # noqa: E731
            if what == "start":
                said = iter(killed.stderr.readline, "")
                reached = not any('ready' in line and 'port' in line for line in said)
                if not reached:
                    with open(f"/proc/{killed.pid}/task/{killed.pid}/children", encoding="ascii") as children:
                        subprocess.run(["kill", "-KILL", *children.read().split()], check=True)
            until(end, "it ends")
            reached = killed.returncode != 0 if what != "start" else reached
            killed.stderr.close()
            service = Service(data).ready()
            if what == "backup":
                clients.verify(service)
            service.end()
            tried += 1
            shutil.rmtree(data.parent)
            if not reached:
                break
    assert tried > len(NAMING), "nobody was killed"
    record(f"kill at each step of a {what}", tried)
