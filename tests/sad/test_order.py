"""In which order names, contents and folders are put on disk, as strace sees the real binary do it.

A power cut may take any name that its folder was not synced with, and any content that its file was not synced with. So a file must be
synced before it gets its name, and the folder after that, before anybody is told that it is done. And whoever is killed at any step of
it must leave something that the next start takes.
"""

import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
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
    """A database that clients have signed in to, a copy of it from before half of them came, the clients, and whom the copy has."""
    data = tmp_path / "lived" / "data"
    data.parent.mkdir()
    service = Service(data).ready()
    clients = Clients(service)
    clients.work(2)
    service.end()
    made = command(data, "backup", tmp_path / "copy.redb")
    assert made.returncode == 0, made.stderr
    early = users(data)
    clients.service = service = Service(data).ready()
    clients.work(2)
    service.end()
    assert early and early < users(data) and clients.live and clients.ended and not clients.failures()
    return data, tmp_path / "copy.redb", clients, early


def users(data):
    """The addresses that have an account."""
    told = command(data, "user", "list", "--json")
    assert told.returncode == 0, told.stderr
    return {user["tron_address"] for user in json.loads(told.stdout)}


def test_a_new_database_a_copy_and_a_restore_are_on_disk_before_they_are_told_of(tmp_path, lived):
    _, copy, *_ = lived
    traced(tmp_path, "restore", str(copy)).done()
    traced(tmp_path, "restore", str(copy)).done()
    traced(tmp_path, "backup", str(tmp_path / "new/copy.redb")).done()
    shutil.rmtree(tmp_path / "new")
    trace = tmp_path / "trace"
    (tmp_path / "first").mkdir()
    service = Service(tmp_path / "first" / "data", "strace", "-f", "-y", "-q", "-s", "1", "-e", f"trace={CALLS}", "-o", str(trace))
    try:
        service.ready()
        # The guard's next content may just be on its way, now and later; its first was there before.
        order, data = Order(tmp_path).follow(trace), tmp_path / "first" / "data"
        assert order.published and order.names in ({}, {str(data): {str(data / "auth.guard")}}), order.names
        clients = Clients(service)
        clients.work(3)
        until(lambda: not Order(tmp_path).follow(trace).names, "all names are synced")
        assert Order(tmp_path).follow(trace).published > 3
    finally:
        service.kill()
    record("order of writes, names and syncs of a file system", 4)


def killed(words, data, call, when):
    """Run these words of the binary, killed at its so manieth `call`. Whether it came to that; a service is ended once it is ready."""
    ran = subprocess.Popen(
        ["strace", "-f", "-q", "-o", "/dev/null", "-e", f"trace={call}", "-e", f"inject={call}:signal=KILL:when={when}", BINARY, *words],
        env={**ENVIRONMENT, "DATA_DIR": str(data)}, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    with ran.stderr:
        said = []
        for line in ran.stderr:
            said.append(line)
            if "ready" in line and "port" in line:
                # What it does once it is ready may be the call at which it is killed.
                with (contextlib.suppress(FileNotFoundError, ProcessLookupError),
                      open(f"/proc/{ran.pid}/task/{ran.pid}/children", encoding="ascii") as children):
                    for child in children.read().split():
                        os.kill(int(child), signal.SIGKILL)
                until(lambda: ran.poll() is not None, "it ends")
                return False
    until(lambda: ran.poll() is not None, "it ends")
    # Whom strace saw killed, it follows.
    assert ran.returncode == -signal.SIGKILL or (ran.returncode == 0 and words[0] != "serve"), "".join(said)
    return ran.returncode != 0


def go_on(clients, service):
    """All that these clients were told holds at this service, where they go on as if there was no other."""
    here = Clients(service)
    here.live, here.ended = [dict(tokens) for tokens in clients.live], list(clients.ended)
    here.look()
    here.work(1)
    assert not here.failures()
    here.look()


def is_restored(data, service, clients, early):
    """Whether the copy is there, with nothing of what came after it and no session; else, all must be as it was."""
    if users(data) != early:
        go_on(clients, service)
        return False
    for tokens in clients.live:
        assert service.ask("/auth/verify", token=tokens["access_token"])[0] == 401, "a session outlived the restore"
        assert service.ask("/auth/refresh", {"refresh_token": tokens["refresh_token"]})[0] == 401, "a session outlived the restore"
    kept = list(data.glob("auth.redb.before-restore-*"))
    assert len(kept) == 1, "the database that was there before is gone"
    assert command(data, "check", kept[0]).returncode == 0
    return True


@pytest.mark.parametrize("what", ["first start", "start", "backup", "restore"])
def test_whoever_is_killed_at_any_step_leaves_what_the_next_start_takes(tmp_path, lived, what):
    original, copy, clients, early = lived
    late = users(original)
    kills, outcomes = 0, set()
    for call in NAMING:
        for when in range(1, 30):
            data = tmp_path / f"{call}-{when}" / "data"
            data.parent.mkdir()
            if what != "first start":
                shutil.copytree(original, data)
            made = data.parent / "copy.redb"
            reached = killed({"backup": ["backup", made], "restore": ["restore", copy]}.get(what, ["serve"]), data, call, when)
            service = Service(data).ready()
            if what == "first start":
                assert not users(data)
                go_on(Clients(service), service)
            elif what == "restore":
                outcomes.add(is_restored(data, service, clients, early))
                go_on(Clients(service), service)
            else:
                assert users(data) == late
                go_on(clients, service)
            service.end()
            if what == "backup":
                # What has the name of a copy is a whole one.
                outcomes.add(made.exists())
                if made.exists():
                    drill = data.parent / "drill"
                    restored = command(drill, "restore", made)
                    assert restored.returncode == 0, restored.stderr
                    assert users(drill) == late
                assert made.exists() or reached
            shutil.rmtree(data.parent)
            kills += reached
            if not reached:
                break
        else:
            pytest.fail(f"there are more than {when} calls of {call}")
    # A start where nothing is to be changed gives few files a name.
    assert kills > (1 if what == "start" else 3), "hardly anybody was killed"
    # Some were killed before the step that counts, and some after it.
    assert what in ("first start", "start") or outcomes == {False, True}
    record(f"kill at each step of a {what}", kills)
