"""The files of a release: complete, sound, and of one mind about what is in the binary."""

import json
import os
import pathlib
import re
import subprocess
import zlib

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
ARCHITECTURES = os.environ["LUCID_ARCHITECTURES"].split()
TRIPLES = {"amd64": "x86_64-unknown-linux-gnu", "arm64": "aarch64-unknown-linux-gnu"}
MACHINES = {"x86_64": "amd64", "aarch64": "arm64"}
VERSION = re.search(r'^version = "(.*)"', (ROOT / "Cargo.toml").read_text(), re.MULTILINE)[1]


def output(*command, **options):
    return subprocess.run([str(part) for part in command], check=True, stdout=subprocess.PIPE, cwd=ROOT, **options).stdout


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    """Where packaging/release put its files."""
    folder = tmp_path_factory.mktemp("release")
    if set(ARCHITECTURES) == set(TRIPLES):
        output("packaging/release", folder)
    else:
        output("packaging/release", "--only", *ARCHITECTURES, folder)
    return folder


@pytest.fixture(params=ARCHITECTURES)
def architecture(request):
    return request.param


@pytest.fixture
def binary(folder, architecture):
    return folder / f"lucid-auth-{architecture}"


def crates_of(architecture, edges="normal"):
    """The crates that the binary is compiled from, as cargo says: (name, version) of each, macros or not."""
    lines = output("cargo", "tree", "--locked", "--edges", edges, "--prefix", "none", "--target", TRIPLES[architecture], "--format",
                   "{p}", text=True).splitlines()
    crates = {(line.split()[0], line.split()[1].removeprefix("v")) for line in lines if line}
    return crates - {("lucid-auth", VERSION)}


def linked_into(architecture):
    """Those that are in it: without macros, and what those need."""
    return crates_of(architecture, "normal,no-proc-macro")


def listed_in(binary, tmp_path):
    """The crates that the binary lists itself, but for those that only ran while it was built."""
    section = tmp_path / "dep-v0"
    objcopy = "objcopy" if MACHINES[os.uname().machine] in binary.name else "aarch64-linux-gnu-objcopy"
    output(objcopy, f"--dump-section=.dep-v0={section}", binary, tmp_path / "copy")
    packages = json.loads(zlib.decompress(section.read_bytes()))["packages"]
    return {(package["name"], package["version"]) for package in packages
            if package.get("kind", "runtime") == "runtime" and not package.get("root")}


def test_the_sums_are_of_all_files_and_right(folder):
    sums = (folder / "SHA256SUMS").read_text()
    subprocess.run(["sha256sum", "--check", "--strict", "--quiet", "SHA256SUMS"], check=True, cwd=folder)
    named = {line.split()[1] for line in sums.splitlines()}
    assert named == {path.name for path in folder.iterdir()} - {"SHA256SUMS"}
    assert named == {name for architecture in ARCHITECTURES for name in (
        f"lucid-auth-{architecture}", f"lucid-auth-{architecture}.cdx.json", f"lucid-auth-{architecture}.licences.txt",
        f"lucid-auth_{VERSION}-1_{architecture}.deb")}


def test_the_list_of_crates_is_that_of_the_lock_file(folder, architecture):
    bill = json.loads((folder / f"lucid-auth-{architecture}.cdx.json").read_text())
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.5")
    assert bill["metadata"]["component"]["name"] == "lucid-auth"
    components = {(component["name"], component["version"]): component for component in bill["components"]}
    assert set(components) == crates_of(architecture)
    lock = (ROOT / "Cargo.lock").read_text()
    for crate, component in components.items():
        assert component["licenses"], crate
        assert f'checksum = "{component["hashes"][0]["content"]}"' in lock, crate


def test_the_binary_lists_its_crates_itself(binary, architecture, tmp_path):
    listed = listed_in(binary, tmp_path)
    assert {"redb", "ring", "tokio"} <= {name for name, _ in listed}
    assert linked_into(architecture) - listed == set()
    # It may also name what only a feature that is off would bring in, at the version that would be.
    lock = set(re.findall(r'^name = "(.*)"\nversion = "(.*)"$', (ROOT / "Cargo.lock").read_text(), re.MULTILINE))
    assert listed - lock == set()


def test_the_licence_of_each_crate_in_it_is_there_with_its_text(folder, binary, architecture, tmp_path):
    text = (folder / f"{binary.name}.licences.txt").read_text()
    parts = dict(re.findall(r"^(\S+ \S+): (.+)$", text.split("=" * 80)[0], re.MULTILINE))
    crates = linked_into(architecture)
    assert {name for name in parts if re.search(r" \d+\.\d+", name)} == {f"{name} {version}" for name, version in crates}
    for name, version in crates:
        numbers = re.findall(r"\[(\d+)\]", parts[f"{name} {version}"])
        assert numbers and all(f"\n[{number}]\n" in text for number in numbers), name
    assert "the GNU C library" in text.split("=" * 80)[0]


def test_the_package_has_the_same_binary_and_the_licences(folder, binary, architecture, tmp_path):
    package = folder / f"lucid-auth_{VERSION}-1_{architecture}.deb"
    output("dpkg-deb", "--extract", package, tmp_path)
    assert (tmp_path / "usr/bin/lucid-auth").read_bytes() == binary.read_bytes()
    assert zlib.decompress((tmp_path / "usr/share/doc/lucid-auth/licences.gz").read_bytes(), 31).decode() == \
        (folder / f"{binary.name}.licences.txt").read_text()
    depends = output("dpkg-deb", "--field", package, "Depends", text=True)
    # Static, it needs no C library.
    assert "libc6" not in depends


def test_no_file_names_a_folder_of_the_machine_it_was_made_on(folder):
    for path in folder.iterdir():
        content = path.read_bytes()
        for place in (str(ROOT), os.path.expanduser("~/"), str(folder)):
            assert place.encode() not in content, (path.name, place)
