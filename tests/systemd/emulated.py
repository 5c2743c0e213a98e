"""A whole machine that is emulated: the processor of a Pi 5, and a kernel with pages of 16 KiB."""

import socket
import subprocess
import threading

from machine import COMMAND_LIMIT_SECONDS, PATH, PATIENCE, Machine, until

BOOT_LIMIT_SECONDS = 1800
# While it boots, a connection may be taken by the emulator and never answered.
KNOCK_SECONDS = 60


class Emulated(Machine):
    """One whose disk is the file `disk`. Commands reach it by the agent that its image has."""

    architecture, page_size, counts = "aarch64", 16384, True

    def __init__(self, disk, kernel, initrd):
        self.console = b""
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.qemu = subprocess.Popen(
            ["qemu-system-aarch64", "-M", "virt", "-cpu", "cortex-a76", "-smp", "2", "-m", "1024", "-nographic", "-monitor", "none",
             "-kernel", kernel, "-initrd", initrd, "-append", "console=ttyAMA0 quiet systemd.show_status=no systemd.firstboot=off net.ifnames=0",
             "-drive", f"file={disk},format=raw,if=none,id=disk,cache=unsafe", "-device", "virtio-blk-pci,drive=disk",
             "-netdev", f"user,id=net,restrict=on,hostfwd=tcp:127.0.0.1:{self.port}-:9",
             "-device", "virtio-net-pci,netdev=net,romfile="],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        threading.Thread(target=self._read_console, daemon=True).start()
        self._booted()

    def _read_console(self):
        for line in self.qemu.stdout:
            self.console = (self.console + line)[-8192:]

    def _booted(self, before=""):
        """Wait until it has booted, and not as it had `before`."""
        def booted():
            assert self.qemu.poll() is None, f"it ended: {self.console.decode(errors='replace')}"
            try:
                number = self.run("cat", "/proc/sys/kernel/random/boot_id", limit=KNOCK_SECONDS).stdout
                return number != before and self.run("systemctl", "is-system-running", check=False).stdout.strip() in ("running", "degraded")
            except OSError:
                return False
        try:
            until("the machine has booted", booted, BOOT_LIMIT_SECONDS // PATIENCE)
        except AssertionError as error:
            raise AssertionError(f"{error}: {self.console.decode(errors='replace')}") from None

    def run(self, *command, check=True, input="", limit=COMMAND_LIMIT_SECONDS * PATIENCE):
        """Run a command in it, as root."""
        full = ["env", "-i", f"PATH={PATH}", "LC_ALL=C.UTF-8", "DEBIAN_FRONTEND=noninteractive", *command]
        status, said = self._ask(full, input.encode(), limit)
        done = subprocess.CompletedProcess(command, status, said.decode(errors="replace"))
        assert not check or status == 0, f"{command} exited with {status}: {done.stdout}"
        return done

    def _ask(self, command, content=b"", limit=COMMAND_LIMIT_SECONDS * PATIENCE):
        lines = [str(len(command)), *(part.encode().hex() for part in command), content.hex()]
        with socket.create_connection(("127.0.0.1", self.port), limit) as agent:
            agent.sendall("".join(f"{line}\n" for line in lines).encode())
            answer = b""
            while chunk := agent.recv(65536):
                answer += chunk
        said, mark, status = answer.rpartition(b"\n")
        if not mark:
            raise ConnectionError("the agent ended before the command did")
        return int(status), said

    def put(self, content, path):
        """Write a file in it."""
        status, said = self._ask(["sh", "-c", 'cat >"$1"', "sh", path], content)
        assert status == 0, said

    def host(self, *command):
        """Run a command in its network, which is its own."""
        self.run(*command)

    def reboot(self):
        """Have it reboot itself, as a person would."""
        before = self.run("cat", "/proc/sys/kernel/random/boot_id").stdout
        try:
            self.run("systemctl", "reboot", check=False)
        except OSError:
            pass  # It goes before it answers.
        self._booted(before)

    def halt(self):
        """Stop it at once."""
        self.qemu.kill()
        self.qemu.wait()
