"""A service on a machine that fails it: the real binary, and what its clients were told."""

import contextlib
import http.client
import json
import os
import pathlib
import re
import select
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/lib"))

from service import BINARY, Wallet  # noqa: E402

LIMIT_SECONDS = 40
ENVIRONMENT = {"HOME": "/nonexistent", "AUTH_SERVICE_BIND": "127.0.0.1", "AUTH_SERVICE_PORT": "0", "METRICS_ENABLED": "false",
               "RATE_LIMIT_ENABLED": "false", "MAX_LOGIN_ATTEMPTS": "1000", "BACKUP_ENABLED": "false", "LOG_FORMAT": "json"}


def until(look, what):
    """What `look` returns as soon as that is true."""
    limit = time.monotonic() + LIMIT_SECONDS
    while not (found := look()):
        assert time.monotonic() < limit, f"not within {LIMIT_SECONDS} s: {what}"
        time.sleep(0.05)
    return found


def command(data, *arguments):
    """A command of the binary on this data."""
    return subprocess.run([BINARY, *arguments], env={**ENVIRONMENT, "DATA_DIR": str(data)}, timeout=LIMIT_SECONDS,
                          stdin=subprocess.DEVNULL, capture_output=True, text=True)


class Service:
    """The binary, started behind the words of `before`."""

    def __init__(self, data, *before):
        self.log = pathlib.Path(f"{data}.log")
        with self.log.open("w") as log:
            self.child = subprocess.Popen([*before, BINARY, "serve"], env={**ENVIRONMENT, "DATA_DIR": str(data)},
                                          stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=log)
        self.data = data

    def ready(self):
        def port():
            assert self.child.poll() is None, f"it ended: {self.said()}"
            return re.search(r'ready.*"port":(\d+)|"port":(\d+).*ready', self.said())
        found = until(port, "ready")
        self.url = f"http://127.0.0.1:{found[1] or found[2]}"
        return self

    def said(self):
        return self.log.read_text()

    def ask(self, path, body=None, token=None):
        """The status and the body of an answer; 0 if there is none."""
        headers = {"Content-Type": "application/json"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        data = None if body is None else json.dumps(body).encode()
        try:
            with urllib.request.urlopen(urllib.request.Request(self.url + path, data, headers), timeout=LIMIT_SECONDS) as reply:
                return reply.status, json.load(reply)
        except urllib.error.HTTPError as refusal:
            with refusal:
                return refusal.code, json.loads(refusal.read() or b"{}")
        except (OSError, urllib.error.URLError):
            return 0, {}

    def health(self):
        return self.ask("/health")[0]

    def end(self):
        """Stop it as systemd does; what is left must be sound."""
        self.child.send_signal(signal.SIGTERM)
        assert self.child.wait(LIMIT_SECONDS) == 0, self.said()
        checked = command(self.data, "check")
        assert checked.returncode == 0, checked.stderr
        assert "panicked" not in self.said()

    def kill(self):
        if self.child.poll() is None:
            # What a tracer started outlives it.
            with open(f"/proc/{self.child.pid}/task/{self.child.pid}/children", encoding="ascii") as children:
                for child in children.read().split():
                    os.kill(int(child), signal.SIGKILL)
            self.child.kill()
            self.child.wait()


class Line:
    """A connection to a service that stays open. It is never made anew: if the service ends it, nothing is answered any more."""

    def __init__(self, service):
        host, port = service.url.removeprefix("http://").split(":")
        self.http = http.client.HTTPConnection(host, int(port), timeout=LIMIT_SECONDS)
        self.http.connect()
        self.http.auto_open = 0

    def send(self, path, body=None, token=None):
        headers = {"Content-Type": "application/json"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        self.http.request("GET" if body is None else "POST", path, None if body is None else json.dumps(body), headers)

    def is_answered(self):
        """Whether there is anything to read: an answer, or the end of the connection."""
        return bool(select.select([self.http.sock], [], [], 0)[0])

    def answer(self):
        reply = self.http.getresponse()
        return reply.status, json.loads(reply.read() or b"{}")

    def ask(self, path, body=None, token=None):
        """The status and the body of an answer. There must be one."""
        self.send(path, body, token)
        return self.answer()

    def close(self):
        self.http.close()


class Clients:
    """Who sign in, and remember what they were told."""

    def __init__(self, service):
        self.service = service
        self.live, self.ended = [], []
        self.statuses = []

    def note(self, status):
        self.statuses.append(status)
        return status == 200

    def sign_in(self):
        wallet = Wallet()
        status, challenge = self.service.ask("/auth/challenge", {"tron_address": wallet.address})
        if not self.note(status):
            return
        message = challenge["message"]
        status, tokens = self.service.ask("/auth/login", {"tron_address": wallet.address, "message": message,
                                                          "signature": wallet.sign_tron(message)})
        if self.note(status):
            self.live.append(tokens)

    def refresh(self):
        if not self.live:
            return
        tokens = self.live.pop(0)
        status, fresh = self.service.ask("/auth/refresh", {"refresh_token": tokens["refresh_token"]})
        # If that was not answered, either token may be the newest: nothing is known of it.
        if self.note(status):
            self.live.append(fresh)

    def sign_out(self):
        if not self.live:
            return
        tokens = self.live.pop(0)
        status, _ = self.service.ask("/auth/logout", {}, tokens["access_token"])
        if status in (200, 204):
            self.ended.append(tokens)
            status = 200
        self.note(status)

    def work(self, rounds):
        for _ in range(rounds):
            self.sign_in()
            self.sign_in()
            self.refresh()
            self.sign_out()

    def failures(self):
        return [status for status in self.statuses if status != 200]

    def verify(self, service):
        """All sessions that were begun are there, and none that was ended."""
        for tokens in self.live:
            status, told = service.ask("/auth/verify", token=tokens["access_token"])
            assert status == 200, f"a session that was begun is gone: {told}"
        for tokens in self.ended:
            status, _ = service.ask("/auth/verify", token=tokens["access_token"])
            assert status == 401, "a session that was ended is back"

    def look(self, service=None):
        """The same, and each refresh token is good."""
        service = self.service = service or self.service
        self.verify(service)
        for tokens in self.live:
            status, fresh = service.ask("/auth/refresh", {"refresh_token": tokens["refresh_token"]})
            assert status == 200, f"a refresh token that was given is gone: {fresh}"
            tokens.update(fresh)


@contextlib.contextmanager
def inject(service, fault):
    """While this lasts, each such system call of the service fails as strace has it."""
    tracer = subprocess.Popen(["strace", "-f", "-q", "-o", "/dev/null", "-e", "trace=" + fault.split(":")[0], "-e", "inject=" + fault,
                               "-p", str(service.child.pid)], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    status = pathlib.Path(f"/proc/{service.child.pid}/status")
    try:
        until(lambda: tracer.poll() is not None or "TracerPid:\t0" not in status.read_text(), "strace is attached")
        assert tracer.poll() is None, tracer.stderr.read()
        yield
    finally:
        tracer.send_signal(signal.SIGINT)
        tracer.wait(LIMIT_SECONDS)
        tracer.stderr.close()


def is_long():
    return os.environ.get("LUCID_LONG") == "1"


class MemoryGroup:
    """A control group of the kernel's, which bounds the memory of those in it: of the second version, or of the first where a
    machine keeps accounts of memory in that."""

    FORMS = [
        # where, its bound, what it holds, where kills are counted
        ("/sys/fs/cgroup", "memory.max", "memory.current", "memory.events"),
        ("/sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.usage_in_bytes", "memory.oom_control"),
    ]

    def __init__(self):
        for where, self.bound, self.held, self.events in self.FORMS:
            self.folder = pathlib.Path(where) / f"lucid-auth-test-{os.getpid()}"
            with contextlib.suppress(OSError):
                self.folder.mkdir()
                if (self.folder / self.bound).exists():
                    return
                self.folder.rmdir()
        pytest.skip("DID NOT RUN: no control group can bound memory here")

    def entered(self):
        """The words that start a command in it."""
        return ["sh", "-c", 'echo $$ >"$0" && exec "$@"', str(self.folder / "cgroup.procs")]

    def leave(self, room):
        """Let those in it have so many bytes more than now, and no swap."""
        for swap in ("memory.swap.max", "memory.swappiness"):
            if (self.folder / swap).exists():
                (self.folder / swap).write_text("0")
        (self.folder / self.bound).write_text(str(int((self.folder / self.held).read_text()) + room))

    def kills(self):
        """How many the kernel has killed in it."""
        return int(re.search(r"^oom_kill (\d+)$", (self.folder / self.events).read_text(), re.M)[1])

    def remove(self):
        """When nobody is in it: whoever was killed may just be on the way out."""
        until(lambda: not (self.folder / "cgroup.procs").read_text(), "nobody is in the group")
        self.folder.rmdir()
