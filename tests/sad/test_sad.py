"""What the service does on a machine that fails it: the README's table "When the machine is sad", row by row.

In each case clients sign in, refresh and sign out, and remember what they were told. Whatever was answered with 200 must be there
afterwards, what was ended must stay ended, and the file must be sound. Meanwhile /health must say so, and when the cause goes, the
service must heal by itself.
"""

import contextlib
import os
import re
import resource
import signal
import socket
import subprocess
import time

import pytest
from figures import record
from machine import Clients, Line, MemoryGroup, Service, command, inject, is_long, until


@pytest.fixture
def services(tmp_path):
    """Starts services on a data folder, and ends those that are left."""
    started = []

    def start(*before, data=tmp_path / "data"):
        started.append(Service(data, *before))
        return started[-1]

    yield start
    for service in started:
        service.kill()


FAULTS = [
    # what                     the system call that fails
    ("EIO on fsync",           "fsync,fdatasync:error=EIO"),
    ("EIO on write",           "pwrite64:error=EIO"),
    # What is in memory needs no read, and what is opened again does.
    ("EIO on read",            "pread64,fdatasync:error=EIO"),
    ("a read-only disk",       "pwrite64,ftruncate,fdatasync:error=EROFS"),
    ("a full disk",            "pwrite64,ftruncate:error=ENOSPC"),
]


@pytest.mark.parametrize("what, fault", FAULTS, ids=[what for what, _ in FAULTS])
def test_a_disk_that_fails_loses_nothing_and_is_told_of(services, what, fault):
    service = services().ready()
    clients = Clients(service)
    clients.work(3)
    service.end()
    # One that has just started has no session in memory.
    service = clients.service = services().ready()
    with inject(service, fault):
        clients.work(3)
        assert set(clients.failures()) == {503}, clients.failures()
        until(lambda: service.health() == 503, "health tells of it")
        assert [service.ask("/health/ready")[0] for _ in range(3)] == [503] * 3
    until(lambda: service.health() == 200, "it heals when the cause goes")
    clients.look()
    clients.work(2)
    clients.look()
    service.end()
    record(f"requests while the machine is sad: {what}", len(clients.statuses))


def test_a_guard_that_cannot_be_written_keeps_nobody_out_and_is_told_of(services):
    service = services().ready()
    clients = Clients(service)
    told = lambda: service.ask("/health")[1]["dependencies"]["restore_guard"]  # noqa: E731
    with inject(service, "rename,renameat,renameat2:error=EIO"):
        clients.work(3)
        assert not clients.failures()
        until(lambda: told() == "unhealthy", "health tells of it")
    until(lambda: told() == "healthy", "it heals when the cause goes, though nobody does anything")
    clients.work(1)
    clients.look()
    service.end()
    record("requests while the machine is sad: no guard", len(clients.statuses))


def test_a_file_system_that_is_full_loses_nothing_and_heals_when_there_is_room(services, tmp_path):
    data = tmp_path / "small"
    data.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=6m", "none", data], check=True)
    try:
        service = services(data=data).ready()
        clients = Clients(service)
        clients.work(3)
        filler = data / "filler"
        with filler.open("wb", buffering=0) as file, pytest.raises(OSError):
            while True:
                file.write(bytes(4096))
        for _ in range(300):
            clients.sign_in()
            if clients.failures():
                break
        assert clients.failures() == [503], "the disk was never full"
        until(lambda: service.health() == 503, "health tells of it")
        filler.unlink()
        until(lambda: service.health() == 200, "it heals when there is room")
        clients.look()
        clients.work(2)
        clients.look()
        service.end()
        record("requests while the machine is sad: a full file system", len(clients.statuses))
    finally:
        subprocess.run(["umount", "--lazy", data], check=True)


def test_a_read_only_file_system_is_refused_by_name_at_the_start(services, tmp_path):
    data = tmp_path / "data"
    service = services().ready()
    clients = Clients(service)
    clients.work(1)
    service.end()
    subprocess.run(["mount", "--bind", data, data], check=True)
    try:
        subprocess.run(["mount", "-o", "remount,ro,bind", data], check=True)
        refused = services()
        assert refused.child.wait(30) != 0
        assert "auth.redb" in refused.said() and "Read-only" in refused.said()
    finally:
        subprocess.run(["umount", data], check=True)
    clients.look(services().ready())


def opened(service):
    """The numbers of all that the service has open, and what each is."""
    found = {}
    for entry in os.scandir(f"/proc/{service.child.pid}/fd"):
        # What is closed meanwhile is not open.
        with contextlib.suppress(FileNotFoundError):
            found[int(entry.name)] = os.readlink(entry.path)
    return found


@contextlib.contextmanager
def descriptors(service, left):
    """While this lasts, the service may open so many more files and connections, and not one beyond."""
    process, kind = service.child.pid, resource.RLIMIT_NOFILE
    before = resource.prlimit(process, kind)
    used = opened(service)
    # The limit is on their numbers, of which each takes the least that is free.
    free = [number for number in range(len(used) + left + 1) if number not in used]
    resource.prlimit(process, kind, (free[left], before[1]))
    try:
        yield
    finally:
        resource.prlimit(process, kind, before)


@pytest.mark.parametrize("left", [0, 1, 2, 20])
def test_no_descriptors_keeps_new_clients_waiting_and_loses_nothing(services, tmp_path, left):
    service = services("env", "LOG_LEVEL=DEBUG").ready()
    began = time.monotonic()
    sockets = lambda: sum(what.startswith("socket:") for what in opened(service).values())  # noqa: E731
    resting = sockets()
    clients = Clients(service)
    clients.work(3)
    open_before = Line(service)
    guard = lambda: open_before.ask("/health")[1]["dependencies"]["restore_guard"]  # noqa: E731
    refusals = lambda: service.said().count("Too many open files")  # noqa: E731

    def is_settled():
        guarding = {str(tmp_path / "data"), str(tmp_path / "data" / "auth.guard.new")} & set(opened(service).values())
        return guard() == "healthy" and sockets() == resting + 1 and not guarding

    def waits(line):
        """The service tries to take it up, twice, and cannot."""
        tried = refusals()

        def look():
            assert not line.is_answered(), "it was answered, or refused, where nothing can be opened"
            return refusals() >= tried + 2
        until(look, "a connection cannot be taken up")

    until(is_settled, "no other connection is left, and the guard is written")
    assert refusals() == 0
    with descriptors(service, left):
        taken = [Line(service) for _ in range(left)]
        for line in taken:
            assert line.ask("/health")[0] == 200
        waiting = Line(service)
        waiting.send("/health")
        waits(waiting)
        # Those who are there go on, as /health says; what opens a file cannot.
        before = len(clients.statuses)
        for line in (open_before, *taken[:1]):
            clients.service = line
            clients.work(2)
            clients.verify(line)
        assert set(clients.statuses[before:]) == {200}, clients.statuses[before:]
        until(lambda: guard() == "unhealthy", "health tells of it")
        assert [line.ask(path)[0] for line in (open_before, *taken) for path in ("/health", "/health/ready")] == [200, 200] * (left + 1)
        waits(waiting)
        if taken:
            taken.pop().close()
            assert answers_soon(waiting) == 200
            taken.append(waiting)
            waiting = Line(service)
            waiting.send("/health")
            waits(waiting)
    assert answers_soon(waiting) == 200
    until(lambda: guard() == "healthy", "it heals when there are descriptors")
    warned = sum('"level":"WARN"' in line and "cannot accept connections" in line for line in service.said().splitlines())
    assert 1 <= warned <= 1 + (time.monotonic() - began) // 60, "once a minute, not at each try"
    clients.look(service)
    clients.work(1)
    for line in (open_before, waiting, *taken):
        line.close()
    service.end()
    clients.look(services().ready())
    record("requests while the machine is sad: no descriptors", len(clients.statuses))


def answers_soon(line):
    """The status of an answer that is there within seconds."""
    began = time.monotonic()
    status, _ = line.answer()
    assert time.monotonic() - began < 5, "it was left waiting"
    return status


def fill(service, clients):
    """Ask for more and more memory, while clients come and go, until the service has ended."""
    host, port = service.url.removeprefix("http://").split(":")
    with contextlib.ExitStack() as waiting:
        for number in range(200):
            # Heads that are long and never end are kept in memory.
            with contextlib.suppress(OSError):
                one = waiting.enter_context(socket.create_connection((host, port), timeout=5))
                one.sendall(b"GET / HTTP/1.1\r\nX: " + bytes(b"x" * 7000))
            if number % 10 == 9:
                clients.work(1)
            if service.child.poll() is not None:
                return
    pytest.fail(f"it had all the memory that it wanted: {clients.statuses}")


def test_no_memory_ends_the_process_and_loses_nothing(services):
    service = services().ready()
    clients = Clients(service)
    clients.work(3)
    with open(f"/proc/{service.child.pid}/status", encoding="ascii") as status:
        held = int(re.search(r"VmData:\s+(\d+) kB", status.read())[1]) * 1024
    resource.prlimit(service.child.pid, resource.RLIMIT_DATA, (held, held))
    fill(service, clients)
    assert service.child.poll() == -signal.SIGABRT, service.said()
    assert "memory allocation" in service.said()
    assert set(clients.statuses) <= {200, 503, 0}, clients.statuses
    again = services().ready()
    clients.look(again)
    again.end()
    record("requests while the machine is sad: no memory", len(clients.statuses))


def test_whom_the_kernel_kills_for_memory_has_lost_nothing(services):
    group = MemoryGroup()
    service = services(*group.entered())
    try:
        service.ready()
        clients = Clients(service)
        clients.work(3)
        assert not clients.failures()
        group.leave(512 << 10)
        fill(service, clients)
        assert service.child.poll() == -signal.SIGKILL, service.said()
        assert group.kills() == 1
        assert set(clients.statuses) <= {200, 503, 0}, clients.statuses
        again = services().ready()
        clients.look(again)
        clients.work(1)
        again.end()
        clients.look(services().ready())
        record("requests while the machine is sad: killed for memory", len(clients.statuses))
    finally:
        service.kill()
        group.remove()


def test_chance_that_comes_late_is_waited_for_and_none_is_never_a_sign_in(services):
    began = time.monotonic()
    service = services("strace", "-f", "-q", "-o", "/dev/null", "-e", "trace=getrandom",
                       "-e", "inject=getrandom:delay_enter=2000000:when=1").ready()
    assert time.monotonic() - began > 2
    service.kill()
    service = services().ready()
    clients = Clients(service)
    clients.work(2)
    with inject(service, "getrandom:error=EAGAIN"):
        before = len(clients.statuses)
        for ask in (clients.sign_in, clients.refresh, clients.sign_in):
            ask()
        told = clients.statuses[before:]
        assert set(told) == {500}, told
        # An end takes no chance.
        clients.sign_out()
        assert clients.statuses[-1] == 200
    clients.look()
    clients.work(1)
    service.end()
    record("requests while the machine is sad: no chance", len(clients.statuses))


def test_the_second_on_one_file_is_refused_by_name_and_the_first_goes_on(services, tmp_path):
    service = services().ready()
    clients = Clients(service)
    clients.work(2)
    second = services()
    # Both write to one log; the first has said that it is ready.
    assert second.child.wait(30) != 0
    assert "in use by another process" in second.said()
    clients.look()
    clients.work(1)
    assert command(tmp_path / "data", "check").returncode != 0, "a file in use is not checked"
    service.end()


def test_who_was_stopped_for_a_minute_goes_on_as_if_nothing_had_been(services):
    service = services().ready()
    clients = Clients(service)
    clients.work(2)
    service.child.send_signal(signal.SIGSTOP)
    time.sleep(60 if is_long() else 3)
    service.child.send_signal(signal.SIGCONT)
    assert service.health() == 200
    clients.look()
    clients.work(1)
    assert not clients.failures()
    service.end()
