"""The image, built on a stand-in for its base, and containers of it, as packaging/compose.yaml runs them."""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

import pytest
import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/lib"))

from service import Wallet  # noqa: E402

BASE = "gcr.io/distroless/static-debian12:nonroot"
# What the real one has: users, certificates, time zones, and an empty home.
STAND_IN = """FROM scratch
COPY rootfs/ /
ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt
USER 65532
WORKDIR /home/nonroot
"""
# This machine's, or one that it emulates.
ARCHITECTURE = os.environ.get("LUCID_TEST_ARCHITECTURE") or {"x86_64": "amd64", "aarch64": "arm64"}[os.uname().machine]
# In the tests' own network, and without control groups, so without limits of memory and processes. What podman would set as
# the other limits is more than some machines allow.
HERE = ["--network=host", "--cgroups=disabled", "--ulimit=nproc=4096:4096", "--ulimit=nofile=4096:4096"]
LIMIT_SECONDS = 60


def output(*command, **options):
    """What a command prints; that it fails is the test's failure."""
    done = subprocess.run([str(part) for part in command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, timeout=LIMIT_SECONDS, **options)
    assert done.returncode == 0, f"{command} exited with {done.returncode}: {done.stdout}{done.stderr}"
    return done.stdout


class Engine:
    """buildah and podman over a storage of their own."""

    def __init__(self, folder):
        self.storage = ["--storage-driver", "vfs", "--root", f"{folder}/storage", "--runroot", f"{folder}/run"]
        self.folder = pathlib.Path(folder)
        self.podman_options = [*self.storage, "--cgroup-manager", "cgroupfs", "--events-backend", "file", "--runtime", "crun",
                               "--tmpdir", f"{folder}/tmp"]

    def build(self, context, *options):
        output("buildah", *self.storage, "bud", "--isolation", "chroot", "--pull-never", "--format", "docker",
               "--arch", ARCHITECTURE, *options, context)

    def podman(self, *arguments):
        return output("podman", *self.podman_options, *arguments)

    def try_podman(self, *arguments):
        """Do it, or not: the exit status, and what was said."""
        return subprocess.run(["podman", *self.podman_options, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=LIMIT_SECONDS, check=False)

    def wait_until_left(self, limit=30):
        """Wait for what tidies up after the containers, and writes to the folder while it does."""
        def speaks_of_it(process):
            try:
                return str(self.folder).encode() in (process / "cmdline").read_bytes()
            except OSError:
                return False  # It has ended.
        end = time.monotonic() + limit
        while left := [process for process in pathlib.Path("/proc").glob("[0-9]*") if speaks_of_it(process)]:
            assert time.monotonic() < end, f"still at work: {left}"
            time.sleep(0.05)

    def size(self, image):
        """Bytes of an image's files."""
        return json.loads(self.podman("image", "inspect", image))[0]["Size"]


@pytest.fixture(scope="session")
def engine():
    # podman wants a short path.
    with tempfile.TemporaryDirectory(prefix="lucid-auth-", dir="/tmp") as folder:
        engine = Engine(folder)
        try:
            yield engine
        finally:
            engine.try_podman("rm", "--all", "--force", "--time", "0")
            engine.wait_until_left()


@pytest.fixture(scope="session")
def image(engine):
    """The name of the image."""
    stand_in = engine.folder / "base"
    rootfs = stand_in / "rootfs"
    (rootfs / "etc/ssl/certs").mkdir(parents=True)
    (rootfs / "home/nonroot").mkdir(parents=True)
    (rootfs / "etc/passwd").write_text("root:x:0:0:root:/root:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin\n")
    (rootfs / "etc/group").write_text("root:x:0:\nnonroot:x:65532:\n")
    shutil.copy("/etc/ssl/certs/ca-certificates.crt", rootfs / "etc/ssl/certs")
    (stand_in / "Dockerfile").write_text(STAND_IN)
    engine.build(stand_in, "--tag", BASE)

    # The tree as a person has it who ran packaging/build.
    context = engine.folder / "context"
    (context / "target/dist").mkdir(parents=True)
    for name in ("Dockerfile.distroless", ".dockerignore"):
        shutil.copy(ROOT / name, context)
    shutil.copy(os.environ["LUCID_AUTH_BIN"], context / f"target/dist/lucid-auth-{ARCHITECTURE}")
    engine.build(context, "--file", context / "Dockerfile.distroless", "--build-arg", "BINARY=ready",
                 "--build-arg", f"TARGETARCH={ARCHITECTURE}", "--build-arg", "VERSION=1.2.3", "--tag", "lucid-auth")
    return "localhost/lucid-auth"


@pytest.fixture(scope="session")
def compose():
    """The one service of packaging/compose.yaml."""
    return yaml.safe_load((ROOT / "packaging/compose.yaml").read_text())["services"]["lucid-auth"]


class Container:
    """One of the image that runs, with what packaging/compose.yaml demands. Its network is the tests' own."""

    def __init__(self, engine, image, compose):
        self.engine = engine
        options = [*HERE, f"--arch={ARCHITECTURE}"]
        if compose["read_only"]:
            # podman would make /tmp and /run writable all the same; Docker does not.
            options += ["--read-only", "--read-only-tmpfs=false"]
        options += [f"--cap-drop={capability}" for capability in compose["cap_drop"]]
        options += [f"--security-opt={option.replace(':true', '')}" for option in compose["security_opt"]]
        options += [f"--volume={volume}" for volume in compose["volumes"]]
        self.id = engine.podman("run", "--detach", *options, image).strip()
        self.pid = int(engine.podman("inspect", "--format", "{{.State.Pid}}", self.id))

    def proc(self, name):
        return pathlib.Path(f"/proc/{self.pid}/{name}").read_text()

    def is_healthy(self):
        return self.engine.try_podman("healthcheck", "run", self.id).returncode == 0

    def wait_until_healthy(self, limit=10):
        end = time.monotonic() + limit
        while not self.is_healthy():
            assert time.monotonic() < end, f"not healthy: {self.engine.podman('logs', self.id)}"
            time.sleep(0.05)

    def exit_status(self):
        return int(self.engine.podman("wait", self.id))


@pytest.fixture(scope="session")
def run(engine, image, compose):
    """Run a container of the image."""
    return lambda: Container(engine, image, compose)


@pytest.fixture(scope="session")
def wallet():
    return Wallet()
