"""A Debian with a systemd of its own as PID 1, in a container without a network."""

import contextlib
import json
import os
import pathlib
import pty
import subprocess
import threading
import time

PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
BOOT_LIMIT_SECONDS = 60
COMMAND_LIMIT_SECONDS = 120


# How many times as long everything may take: an emulated machine is slow.
PATIENCE = int(os.environ.get("LUCID_TEST_PATIENCE", "1"))


def until(what, look, limit=30):
    """Wait until `look` returns something, and return it."""
    limit *= PATIENCE
    end = time.monotonic() + limit
    while True:
        found = look()
        if found:
            return found
        assert time.monotonic() < end, f"not within {limit} s: {what}"
        time.sleep(0.05)


class Machine:
    """One that has booted, whatever it is made of: a kind of it has `run`, `put`, `host`, `reboot` and `halt`, and says what
    `architecture` it is of, what `page_size` its kernel has, and whether that `counts` memory and tasks."""

    def certificate(self, folder):
        """Put a certificate and its key, for root alone, where the README has them."""
        key, certificate = folder / "key.pem", folder / "certificate.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                        "-subj", "/CN=pi", "-addext", "subjectAltName=DNS:pi,IP:127.0.0.1", "-days", "2",
                        "-addext", "basicConstraints=critical,CA:FALSE",
                        "-keyout", key, "-out", certificate], check=True, stderr=subprocess.DEVNULL)
        for source, name, mode in [(key, "lucid-auth.key", 600), (certificate, "lucid-auth.crt", 644)]:
            self.put(source.read_bytes(), f"/etc/{name}")
            self.sh(f"chmod {mode} /etc/{name}")

    def sh(self, script, **options):
        """What a shell script prints in it."""
        return self.run("sh", "-euc", script, **options).stdout

    def restart(self):
        """Restart the service, however often that was done before."""
        self.run("systemctl", "reset-failed", "lucid-auth")
        self.run("systemctl", "restart", "lucid-auth")

    def show(self, name, unit="lucid-auth.service"):
        """A property of a unit."""
        return self.run("systemctl", "show", "--property", name, "--value", unit).stdout.strip()

    def log(self):
        """What the service and systemd said of it since it booted."""
        return self.run("journalctl", "--unit=lucid-auth.service", "--boot", "--output=cat", "--no-pager").stdout

    @contextlib.contextmanager
    def drop_in(self, text, unit="lucid-auth.service"):
        """Change a unit for as long as the block lasts, however it ends. What runs then goes on with it until it restarts."""
        file = f"/run/systemd/system/{unit}.d/test.conf"
        self.run("sh", "-euc", f'mkdir -p "$(dirname {file})"; printf "%s" "$1" >{file}; systemctl daemon-reload', "sh", text)
        try:
            yield
        finally:
            self.sh(f"rm {file}; systemctl daemon-reload")

    @contextlib.contextmanager
    def own_settings(self):
        """Let the block change the settings, and put them back and restart the service, however it ends."""
        settings, kept, drop_ins = "/etc/default/lucid-auth", "/root/settings", "/etc/systemd/system/lucid-auth.service.d"
        self.sh(f"cp {settings} {kept}")
        try:
            yield
        finally:
            self.sh(f"cp {kept} {settings}; rm -rf {drop_ins}; systemctl daemon-reload")
            self.restart()

    def curl(self, *arguments, check=True):
        """curl in it."""
        return self.run("curl", "--silent", "--show-error", "--max-time", str(10 * PATIENCE), *arguments, check=check)

    def call(self, path, body=None, token=None, base="http://127.0.0.1:8089"):
        """The status and the JSON of an answer."""
        arguments = ["--write-out", "\n%{http_code}", base + path]
        if body is not None:
            arguments += ["--json", json.dumps(body)]
        if token is not None:
            arguments += ["--header", f"Authorization: Bearer {token}"]
        text, _, status = self.curl(*arguments).stdout.rpartition("\n")
        return int(status), json.loads(text)

    def is_up(self):
        """Whether the service answers."""
        return self.curl("--fail", "http://127.0.0.1:8089/health", check=False).returncode == 0

    def sign_in(self, wallet):
        """Sign in as a wallet does, and return the tokens."""
        status, challenge = self.call("/auth/challenge", {"tron_address": wallet.address})
        assert status == 200, challenge
        message = challenge["message"]
        status, reply = self.call("/auth/login", {"tron_address": wallet.address, "message": message,
                                                  "signature": wallet.sign_tron(message)})
        assert status == 200, reply
        return reply


class Container(Machine):
    """A systemd in namespaces of this machine. Its files are in the folder `root`."""

    architecture, page_size = os.uname().machine, os.sysconf("SC_PAGE_SIZE")
    # Whether its systemd keeps accounts of memory and tasks, and so bounds them: in a container it may not.
    counts = False

    def __init__(self, root):
        self.root = pathlib.Path(root)
        self.console = b""
        self.start()

    def start(self):
        """Switch it on, and wait until it has booted."""
        ours, theirs = pty.openpty()
        # Where /run is on a disk, nspawn would not tidy up its folder there.
        folder = "mkdir -p /run/systemd/nspawn && mount -t tmpfs none /run/systemd/nspawn && mkdir /run/systemd/nspawn/propagate"
        self.nspawn = subprocess.Popen(
            ["unshare", "--mount", "sh", "-c", f'{folder} && exec "$@"', "sh",
             "systemd-nspawn", "--quiet", "--directory", str(self.root), "--register=no", "--keep-unit", "--private-network",
             "--capability=all", "--system-call-filter=bpf", "--hostname=pi", "--boot"],
            env={"PATH": PATH, "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1"}, start_new_session=True,
            stdin=theirs, stdout=theirs, stderr=theirs)
        os.close(theirs)
        threading.Thread(target=self._read_console, args=(ours,), daemon=True).start()

        def booted():
            assert self.nspawn.poll() is None, f"it did not boot: {self.console.decode(errors='replace')}"
            if self.leader() is None:
                return False
            return self.run("systemctl", "is-system-running", check=False).stdout.strip() in ("running", "degraded")
        until("the machine has booted", booted, BOOT_LIMIT_SECONDS)

    def reboot(self):
        """Have it reboot itself, as a person would."""
        self.run("systemctl", "reboot", check=False)
        # With --keep-unit, nspawn leaves the second half to whoever started it, and says so by this status.
        assert self.nspawn.wait(BOOT_LIMIT_SECONDS) == 133
        self.start()

    def _read_console(self, terminal):
        while True:
            try:
                chunk = os.read(terminal, 4096)
            except OSError:
                return
            self.console = (self.console + chunk)[-8192:]

    def leader(self):
        """The number of its PID 1 on this machine, or nothing while it boots or reboots."""
        try:
            children = pathlib.Path(f"/proc/{self.nspawn.pid}/task/{self.nspawn.pid}/children").read_text().split()
            for child in children:
                if pathlib.Path(f"/proc/{child}/comm").read_text().strip() == "systemd":
                    return child
        except OSError:
            pass
        return None

    def run(self, *command, check=True, **options):
        """Run a command in it, as root."""
        command = ["nsenter", "-t", self.leader() or "0", "-m", "-u", "-i", "-n", "-p", "-C", "-r", "-w",
                   "env", "-i", f"PATH={PATH}", "LC_ALL=C.UTF-8", "DEBIAN_FRONTEND=noninteractive", *command]
        options.setdefault("stdin", subprocess.DEVNULL)
        done = subprocess.run(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              timeout=COMMAND_LIMIT_SECONDS * PATIENCE, **options)
        assert not check or done.returncode == 0, f"{command[17:]} exited with {done.returncode}: {done.stdout}"
        return done

    def put(self, content, path):
        """Write a file in it."""
        (self.root / path.lstrip("/")).write_bytes(content)

    def host(self, *command):
        """Run a command of this machine in the other's network."""
        subprocess.run(["nsenter", "-t", self.leader() or "0", "-n", *command], check=True, timeout=COMMAND_LIMIT_SECONDS * PATIENCE)

    def halt(self):
        """Stop it at once."""
        if self.nspawn.poll() is None:
            self.nspawn.terminate()
            try:
                self.nspawn.wait(20)
            except subprocess.TimeoutExpired:
                self.nspawn.kill()
                self.nspawn.wait()
