"""One container's life, and its successor's over the same volume. Each test is where the one before left it."""

import http.client
import json
import os
import re
import select
import signal
import time
import urllib.error
import urllib.request

from conftest import ARCHITECTURE, BASE, HERE, ROOT, output
from service import post

URL = "http://localhost:8089"
MEGABYTE = 1_000_000
# What the real base has, unpacked: the stand-in is as good as empty.
BASE_SIZE = 2 * MEGABYTE
# Kept over the tests: the container that runs, and what a person holds who signed in.
held = {}


def user(token):
    """Who the service says the token is of, or the status that it refuses with."""
    request = urllib.request.Request(f"{URL}/auth/verify", headers={"Authorization": f"Bearer {token}"})
    try:
        with urllib.request.urlopen(request, timeout=10) as reply:
            return json.load(reply)["tron_address"]
    except urllib.error.HTTPError as refusal:
        return refusal.code


def test_the_compose_file_is_valid():
    output("docker-compose", "--file", ROOT / "packaging/compose.yaml", "config", "--quiet")


def test_the_image_says_how_to_run_it(engine, image):
    said = json.loads(engine.podman("image", "inspect", image))[0]
    config = said["Config"]
    assert (said["Os"], said["Architecture"]) == ("linux", ARCHITECTURE)
    assert config["User"] == "65532:65532"
    assert list(config["Volumes"]) == ["/data"] and "DATA_DIR=/data" in config["Env"]
    assert list(config["ExposedPorts"]) == ["8089/tcp"]
    assert (config["Entrypoint"], config["Cmd"]) == (["/usr/bin/lucid-auth"], ["serve"])
    assert said["Healthcheck"]["Test"] == ["CMD", "/usr/bin/lucid-auth", "healthcheck"]
    labels = {name.removeprefix("org.opencontainers.image."): text for name, text in config["Labels"].items()}
    assert (labels["title"], labels["version"], labels["licenses"]) == ("lucid-auth", "1.2.3", "MIT OR Apache-2.0")


def test_the_image_is_under_10_mb(engine, image):
    size = engine.size(image) - engine.size(BASE) + BASE_SIZE
    print(f"the image: {size / MEGABYTE:.1f} MB")
    assert size < 10 * MEGABYTE


def test_nothing_in_it_but_the_binary_runs(engine, image):
    for program in ("/bin/sh", "/bin/busybox", "/usr/bin/env"):
        done = engine.try_podman("run", "--rm", *HERE, "--entrypoint", program, image)
        assert done.returncode != 0 and "No such file or directory" in done.stdout, done.stdout
    mount = engine.podman("image", "mount", image).strip()
    programs = output("find", mount, "-type", "f", "-perm", "/111").split()
    assert programs == [f"{mount}/usr/bin/lucid-auth"]
    owner = os.stat(f"{mount}/data")
    assert (owner.st_uid, owner.st_gid) == (65532, 65532)
    assert output("find", mount, "-user", "65532").split() == [f"{mount}/data"]
    engine.podman("image", "unmount", image)


def test_it_becomes_healthy(run):
    began = time.monotonic()
    held["container"] = run()
    held["container"].wait_until_healthy()
    print(f"healthy after {time.monotonic() - began:.2f} s")


def test_it_runs_as_nobody_with_no_privilege_on_a_disk_it_cannot_write():
    status = dict(line.split(":\t", 1) for line in held["container"].proc("status").splitlines() if ":\t" in line)
    assert status["Uid"].split() == status["Gid"].split() == ["65532"] * 4
    for kind in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
        assert int(status[kind], 16) == 0, kind
    assert status["NoNewPrivs"] == "1"
    # Fields 5 and 6 are the place and its options.
    mounts = {fields[4]: fields[5].split(",") for fields in map(str.split, held["container"].proc("mountinfo").splitlines())}
    writable = {place for place, options in mounts.items() if "rw" in options}
    assert "ro" in mounts["/"]
    # The kernel's own, of which the engine hides what matters, and the volume.
    assert "/data" in writable
    assert {place for place in writable if not re.match("/(dev|proc|sys)(/|$)", place)} - {"/data"} <= \
        {"/etc/hosts", "/etc/hostname", "/etc/resolv.conf", "/run/.containerenv"}


def test_a_wallet_signs_in(wallet):
    held["token"] = wallet.sign_in(URL, "tron")["access_token"]
    assert user(held["token"]) == wallet.address


def test_its_commands_speak_to_the_service_that_runs(engine, wallet):
    engine.podman("exec", held["container"].id, "/usr/bin/lucid-auth", "user", "set-role", wallet.address, "SUPER_ADMIN")
    assert "SUPER_ADMIN" in engine.podman("exec", held["container"].id, "/usr/bin/lucid-auth", "user", "show", wallet.address)


def test_it_stops_within_a_second_while_a_browser_is_connected():
    container = held["container"]
    browser = http.client.HTTPConnection("localhost", 8089, timeout=10)
    browser.request("GET", "/health")
    assert browser.getresponse().read()
    process = os.pidfd_open(container.pid)
    began = time.monotonic()
    os.kill(container.pid, signal.SIGTERM)
    gone = select.select([process], [], [], 10)[0]
    took = time.monotonic() - began
    print(f"stopped after {took:.3f} s")
    assert gone and took < 1
    assert container.exit_status() == 0


def test_another_container_goes_on_with_its_data(engine, run, wallet):
    engine.podman("rm", held["container"].id)
    held["container"] = run()
    held["container"].wait_until_healthy()
    assert user(held["token"]) == wallet.address


def test_it_comes_back_after_it_was_killed(run, engine, wallet):
    held["token"] = wallet.sign_in(URL, "tron")["access_token"]
    os.kill(held["container"].pid, signal.SIGKILL)
    assert held["container"].exit_status() == 137
    assert not held["container"].is_healthy()
    engine.podman("start", held["container"].id)
    held["container"].wait_until_healthy()
    assert user(held["token"]) == wallet.address


def test_one_that_cannot_answer_is_unhealthy(engine, image):
    done = engine.try_podman("run", "--rm", *HERE, "--env", "AUTH_SERVICE_PORT=1", image, "healthcheck")
    assert done.returncode == 1 and "Is the service running?" in done.stdout
    assert post(f"{URL}/auth/challenge", {"tron_address": "TJRabPrwbZy45sbavfcjinPJC18kjpRTv8"})
