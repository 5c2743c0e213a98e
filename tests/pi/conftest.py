"""The ARM64 binary on an emulated Cortex-A76, the processor of a Pi 5, with pages of 16 KiB as its kernel has."""

import os
import pathlib
import re
import ssl
import subprocess
import sys
import threading

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/lib"))

from service import Wallet  # noqa: E402

BINARY = os.environ["LUCID_ARM64_BIN"]
PROCESSOR = ["qemu-aarch64-static", "-cpu", "cortex-a76", "-p", "16384"]
START_LIMIT_SECONDS = 30


class Pi:
    """A data folder, and the service over it."""

    def __init__(self, folder):
        self.folder, self.process = folder, None

    def environment(self, **settings):
        return {"PATH": os.environ["PATH"], "HOME": str(self.folder), "DATA_DIR": str(self.folder / "data"),
                "METRICS_ENABLED": "false", **settings}

    def start(self, **settings):
        """Start it, and return its address once it listens."""
        self.process = subprocess.Popen([*PROCESSOR, BINARY, "serve", "--bind", "127.0.0.1", "--port", "0"], text=True,
                                        env=self.environment(**settings), stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        killer = threading.Timer(START_LIMIT_SECONDS, self.process.kill)
        killer.start()
        said = []
        for line in self.process.stdout:
            said.append(line)
            if found := re.search(r"https?://localhost:\d+", line):
                killer.cancel()
                # The log goes on and must be read, or the service would wait for a reader.
                threading.Thread(target=self.process.stdout.read, daemon=True).start()
                return found[0]
        raise AssertionError(f"it printed no address: {''.join(said)}")

    def kill(self):
        """As when the power fails, as far as a process can tell."""
        self.process.kill()
        self.process.wait()

    def stop(self):
        """Its exit status when it is asked to stop."""
        self.process.terminate()
        return self.process.wait(15)

    def command(self, *arguments):
        """What a command of the binary prints."""
        done = subprocess.run([*PROCESSOR, BINARY, *arguments], env=self.environment(), stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60, check=False)
        assert done.returncode == 0, f"{arguments}: {done.returncode}: {done.stdout}"
        return done.stdout


@pytest.fixture(scope="session")
def pi(tmp_path_factory):
    pi = Pi(tmp_path_factory.mktemp("pi"))
    try:
        yield pi
    finally:
        if pi.process and pi.process.poll() is None:
            pi.kill()


@pytest.fixture(scope="session")
def certificate(tmp_path_factory):
    """A certificate for localhost, its key, and what trusts it."""
    folder = tmp_path_factory.mktemp("certificate")
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                    "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-days", "2",
                    "-addext", "basicConstraints=critical,CA:FALSE", "-keyout", key, "-out", certificate],
                   check=True, stderr=subprocess.DEVNULL)
    return certificate, key, ssl.create_default_context(cafile=certificate)


@pytest.fixture(scope="session")
def wallet():
    return Wallet()
