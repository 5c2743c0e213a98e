"""The packages, and the machine that they are installed on."""

import os
import pathlib
import re
import subprocess
import sys
import tempfile

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/lib"))

from emulated import Emulated  # noqa: E402
from machine import Container  # noqa: E402
from service import Wallet  # noqa: E402


ARCHITECTURE = os.environ.get("LUCID_TEST_ARCHITECTURE", "amd64")


def package(version=None):
    """The package of the binary under test, of this version, or its own."""
    environment = {**os.environ, **({"VERSION": version} if version else {})}
    done = subprocess.run([ROOT / "packaging/deb", os.environ["LUCID_AUTH_BIN"], ARCHITECTURE], env=environment, check=True,
                          stdout=subprocess.PIPE, text=True)
    return ROOT / done.stdout.strip().splitlines()[-1]


@pytest.fixture(scope="session")
def new():
    """The package."""
    return package()


@pytest.fixture(scope="session")
def old():
    """The same under an older version, to upgrade from."""
    return package("0.0.1")


@pytest.fixture(scope="session")
def machine():
    """The machine. Each test finds it as the one before left it."""
    with tempfile.TemporaryDirectory(prefix="lucid-auth-systemd-", dir=os.environ["LUCID_TEST_TOOLS"]) as folder:
        if pi := os.environ.get("LUCID_TEST_PI"):
            subprocess.run(["cp", "--sparse=always", f"{pi}/disk.img", folder], check=True)
            machine = Emulated(f"{folder}/disk.img", f"{pi}/vmlinuz", f"{pi}/initrd")
        else:
            subprocess.run(["tar", "-C", folder, "-xf", os.environ["LUCID_TEST_ROOT"]], check=True)
            machine = Container(folder)
        try:
            yield machine
        finally:
            machine.halt()


@pytest.fixture(scope="session")
def wallet():
    return Wallet()


class Readme:
    """The blocks `sh pi` of the README, by a word that is in only one of them."""

    def __init__(self):
        text = (ROOT / "README.md").read_text()
        self.blocks = re.findall(r"^```sh pi\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
        self.run = set()

    def block(self, word):
        found = [block for block in self.blocks if word in block]
        assert len(found) == 1, f"{len(found)} blocks with {word}"
        self.run.add(found[0])
        return found[0].replace("_arm64", f"_{ARCHITECTURE}")


@pytest.fixture(scope="session")
def readme_blocks():
    return Readme()
