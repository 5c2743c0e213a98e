"""One machine's life with the package: from its installation to its purge, each test where the one before left it.

The commands are the README's, as they stand.
"""

import json
import os
import pathlib
import re

import pytest

from conftest import Wallet
from machine import PATIENCE, until

HERE = pathlib.Path(__file__).parent
DATA = "/var/lib/lucid-auth"
# Kept over the tests: what a person holds who signed in.
held = {}


def readme(machine, text, **variables):
    """Run a block of the README as a person would who says yes."""
    assigned = "".join(f"{name}='{value}'\n" for name, value in variables.items())
    done = machine.run("bash", "-c", f"set -eu; cd /root; exec </dev/null\n{assigned}{text.replace('sudo apt ', 'sudo apt --yes ')}")
    return done.stdout


def put(machine, package):
    """Put this package, and no other, where a person would have downloaded it."""
    machine.sh("rm -f /root/*.deb")
    machine.put(package.read_bytes(), f"/root/{package.name}")


def is_signed_in(machine, token=None):
    status, reply = machine.call("/auth/verify", token=token or held["token"])
    return status == 200 and reply["valid"]


def restarted(machine, before):
    """Whether the service is up again with another process than `before`."""
    return machine.show("MainPID") not in ("0", before) and machine.is_up()


def test_installing_starts_it(machine, readme_blocks, old):
    put(machine, old)
    readme(machine, readme_blocks.block("apt install"))
    assert machine.sh("dpkg-query -f '${Version}' -W lucid-auth") == "0.0.1-1"
    assert [machine.show(name) for name in ("ActiveState", "SubState", "UnitFileState")] == ["active", "running", "enabled"]
    status, health = machine.call("/health")
    assert (status, health["status"]) == (200, "healthy")
    # It is ready when systemd says so, and says how much there is.
    assert until("it tells its status", lambda: machine.show("StatusText")) == "0 users, 0 sessions"
    assert machine.sh(f"stat -c '%U %a' {DATA} {DATA}/auth.redb") == "lucid-auth 700\nlucid-auth 600\n"
    assert machine.sh("systemctl show -P UnitFileState lucid-auth.socket").strip() == "disabled"


def test_it_runs_on_pages_of_the_size_that_is_meant(machine):
    said = machine.sh("uname -m; getconf PAGE_SIZE; cat /proc/cpuinfo").splitlines()
    assert said[:2] == [machine.architecture, str(machine.page_size)]
    if (machine.architecture, machine.page_size) == ("aarch64", 16384):
        # The processor of a Pi 5: a Cortex-A76.
        assert any(re.match(r"CPU part\s*: 0xd0b", line) for line in said), said
    found = {one["name"]: one for one in json.loads(machine.run("lucid-authctl", "doctor", "--json", check=False).stdout)["findings"]}
    assert found["page-size"]["seen"] == f"Memory pages are of {machine.page_size} bytes."


def test_its_units_are_sound_and_exposed_no_more_than_they_must(machine):
    done = machine.run("systemd-analyze", "verify", "lucid-auth.service", "lucid-auth.socket")
    version = int(re.search(r"\d+", machine.run("systemctl", "--version").stdout)[0])
    known = "Failed to parse service type, ignoring: notify-reload\n"
    said = [line for line in done.stdout.splitlines(True) if "lucid-auth" in line and not (version < 253 and line.endswith(known))]
    assert said == []
    done = machine.run("systemd-analyze", "security", "--offline=true", "--threshold=10", "lucid-auth.service")
    assert float(re.search(r"Overall exposure level .*: ([\d.]+)", done.stdout)[1]) <= 1.0


def test_a_wallet_signs_in_and_becomes_the_first_admin(machine, readme_blocks, wallet):
    tokens = machine.sign_in(wallet)
    readme(machine, readme_blocks.block("SUPER_ADMIN"), ADDRESS=wallet.address)
    status, tokens = machine.call("/auth/refresh", {"refresh_token": tokens["refresh_token"]})
    assert status == 200, tokens
    held["token"] = tokens["access_token"]
    assert machine.call("/auth/verify", token=held["token"])[1]["role"] == "SUPER_ADMIN"
    # The commands are the service's own user, on its own data, with its own settings.
    config = machine.run("lucid-authctl", "config").stdout
    assert re.search(rf"DATA_DIR +{DATA} ", config)
    assert re.search(r"SETTINGS_FILE +/etc/default/lucid-auth ", config)


# What the tests below show of each line of the sandbox, where it is not the probe that shows it.
SHOWN_BY_THE_KERNEL = {"AmbientCapabilities", "CapabilityBoundingSet", "NoNewPrivileges", "PrivateIPC", "PrivateMounts", "PrivateUsers"}
# The refusals of the probe are this number: without it, the first would have killed it.
SHOWN_BY_THE_ERROR = {"SystemCallErrorNumber"}
SHOWN_BY_SYSTEMD = {"DevicePolicy": "closed", "KeyringMode": "private", "RemoveIPC": "yes", "SystemCallArchitectures": "native"}


def test_the_sandbox_is_in_force(machine):
    pid = machine.show("MainPID")
    status = dict(re.findall(r"^(\w+):\s*(.*)$", machine.sh(f"cat /proc/{pid}/status"), re.MULTILINE))
    for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
        assert int(status[name], 16) == 0, name
    assert (status["NoNewPrivs"], status["Seccomp"]) == ("1", "2")
    assert set(status["Uid"].split()) == {machine.sh("id -u lucid-auth").strip()}
    limits = machine.sh(f"cat /proc/{pid}/limits")
    assert re.search(r"Max core file size +0 +0", limits) and re.search(r"Max open files +8192 +8192", limits)
    for kind in ("mnt", "user", "ipc", "uts"):
        own, first = machine.sh(f"readlink /proc/{pid}/ns/{kind} /proc/1/ns/{kind}").split()
        assert own != first, kind
    mounts = {}
    for line in machine.sh(f"cat /proc/{pid}/mountinfo").splitlines():
        fields = line.split()
        mounts[fields[4]] = fields[5].split(",")
    assert "ro" in mounts["/"] and "rw" in mounts[DATA]
    # No page is writable and executable.
    assert not re.search(r" .wx", machine.sh(f"cat /proc/{pid}/maps"))
    bounds = {"MemoryMax": str(512 << 20), "MemoryHigh": str(384 << 20), "MemorySwapMax": "0", "TasksMax": "128", "OOMPolicy": "stop"}
    for name, value in [*bounds.items(), *SHOWN_BY_SYSTEMD.items()]:
        assert machine.show(name) == value, name
    if machine.counts:
        group = f"/sys/fs/cgroup{machine.show('ControlGroup')}"
        found = machine.sh(f"cd {group}; cat memory.max memory.high memory.swap.max pids.max").split()
        assert found == [bounds["MemoryMax"], bounds["MemoryHigh"], "0", "128"]


PROBED = {"its-own-folder", "socket-unix", "socket-inet", "socket-inet6"}


def test_what_the_sandbox_forbids_is_refused_and_only_by_it(machine):
    machine.put((HERE / "probe.pl").read_bytes(), "/usr/share/probe.pl")
    machine.sh("mkdir -p /home/pi; echo x | tee /home/pi/secret /root/secret /tmp/outside /var/tmp/outside >/dev/null; "
               "mknod /dev/outside c 1 3; touch /dev/kmsg")
    run = "/usr/bin/perl /usr/share/probe.pl"
    # The same unit, with the probe in the service's place.
    unit = machine.sh("cat /usr/lib/systemd/system/lucid-auth.service")
    unit = re.sub(r"^Type=.*\n", "", unit, flags=re.MULTILINE)
    unit = re.sub(r"^(Restart|WatchdogSec|RuntimeMaxSec)=.*$", "", unit, flags=re.MULTILINE)
    unit = re.sub(r"^ExecStart=.*$", f"Type=oneshot\nStandardOutput=file:/run/probed\nExecStart={run}", unit, flags=re.MULTILINE)
    machine.put(unit.encode(), "/etc/systemd/system/probe.service")
    machine.sh("systemctl daemon-reload; systemctl start probe.service; rm /etc/systemd/system/probe.service; systemctl daemon-reload")

    def told(text):
        return dict(line.split() for line in text.splitlines())

    files = f"{DATA}/probe {DATA}/mask"
    confined = told(machine.sh("cat /run/probed"))
    free = told(machine.sh(f"rm {files}; umask 0; {run}; hostname pi; rm -f {files} /var/lib/probe /etc/probe"))
    assert {name for name, verdict in confined.items() if verdict == "allowed"} == PROBED
    # Without the sandbox nothing is refused, so that it was the sandbox that refused.
    assert {name for name, verdict in free.items() if verdict == "refused"} == set()
    assert len(free) == len(confined) > 30
    # No line of the sandbox is left out.
    sandbox = unit.split("# The sandbox.")[1].split("\n\n")[0]
    lines = set(re.findall(r"^(\w+)=", sandbox, re.MULTILINE))
    shown = {name.split("-")[0] for name in confined} | SHOWN_BY_THE_KERNEL | SHOWN_BY_THE_ERROR | set(SHOWN_BY_SYSTEMD)
    assert len(lines) > 25 and lines - shown == set()


def test_only_private_networks_reach_it(machine, readme_blocks):
    address = {"far": "203.0.113.5", "near": "10.20.30.40", "tailnet": "100.100.1.1"}
    for one in address.values():
        machine.host("ip", "address", "add", f"{one}/32", "dev", "lo")

    def reaches(one):
        return machine.curl("--fail", "--max-time", str(2 * PATIENCE), "--interface", one, f"http://{one}:8089/health", check=False).returncode == 0

    assert [reaches(one) for one in address.values()] == [False, True, True]
    with machine.drop_in("[Service]\nIPAddressAllow=any\n"):
        machine.restart()
        assert reaches(address["far"])
    machine.restart()
    assert not reaches(address["far"])


def test_killed_it_comes_back_and_nobody_is_logged_out(machine):
    before = machine.show("MainPID")
    machine.sh(f"kill -KILL {before}")
    until("it is back", lambda: restarted(machine, before))
    assert is_signed_in(machine)


def test_hung_it_is_ended_by_the_watchdog_and_comes_back(machine):
    with machine.drop_in(f"[Service]\nWatchdogSec={2 * PATIENCE}\n"):
        machine.restart()
        before, restarts = machine.show("MainPID"), int(machine.show("NRestarts"))
        machine.sh(f"kill -STOP {before}")
        until("it is back", lambda: restarted(machine, before))
        assert int(machine.show("NRestarts")) == restarts + 1
        assert "Watchdog timeout" in machine.log()
        assert is_signed_in(machine)
        # One that lives gets more time than that.
        alive = machine.show("MainPID")
        until("a second status", lambda: "1 users" in machine.show("StatusText"))
        machine.sh(f"sleep {3 * PATIENCE}")
        assert machine.show("MainPID") == alive
    machine.restart()


def test_reloading_changes_the_log_level_and_names_what_takes_a_restart(machine, readme_blocks):
    readme(machine, readme_blocks.block("LOG_LEVEL"))
    assert "LOG_LEVEL=DEBUG from now on" in machine.log()
    before = machine.show("MainPID")
    machine.sh("echo RATE_LIMIT_PUBLIC=5000 >>/etc/default/lucid-auth; systemctl kill --signal=HUP lucid-auth")
    until("it names the setting", lambda: "RATE_LIMIT_PUBLIC was changed, which takes a restart" in machine.log())
    assert machine.show("MainPID") == before and is_signed_in(machine)


def test_wrong_settings_stop_it_once_with_a_word_for_each(machine):
    with machine.own_settings():
        machine.sh("printf 'RATE_LIMIT_ADMIN=many\\nTRON_NETWORK=moon\\n' >>/etc/default/lucid-auth")
        assert machine.run("systemctl", "restart", "lucid-auth", check=False).returncode != 0
        assert [machine.show(name) for name in ("ActiveState", "ExecMainStatus", "NRestarts")] == ["failed", "78", "0"]
        log = machine.log()
        assert 'RATE_LIMIT_ADMIN="many"' in log and 'TRON_NETWORK="moon"' in log
    assert is_signed_in(machine)


def test_a_certificate_and_its_key_come_as_credentials(machine, readme_blocks, tmp_path):
    machine.certificate(tmp_path)
    with machine.own_settings():
        readme(machine, readme_blocks.block("LoadCredential"))
        assert machine.sh("stat -c '%U %a' /etc/lucid-auth.key") == "root 600\n"
        body = machine.curl("--insecure", "https://127.0.0.1:8089/health").stdout
        assert '"healthy"' in body
        # The commands know from the unit where the certificate is, and do not mind when it is gone with the service.
        assert machine.run("lucid-authctl", "healthcheck").stdout.startswith("healthy: https://")
        found = {one["name"]: one for one in json.loads(machine.run("lucid-authctl", "doctor", "--json", check=False).stdout)["findings"]}
        assert (found["tls"]["level"], found["port"]["level"]) == ("warning", "ok"), found  # It is good for two days.
        machine.run("systemctl", "stop", "lucid-auth")
        assert "SUPER_ADMIN" in machine.run("lucid-authctl", "user", "list").stdout
        machine.run("systemctl", "start", "lucid-auth")
    assert is_signed_in(machine)


def test_its_own_authority_makes_a_certificate_for_the_machine(machine, readme_blocks):
    with machine.own_settings():
        said = readme(machine, readme_blocks.block("TLS_SELF_SIGNED"))
        until("it answers", lambda: '"healthy"' in machine.curl("--insecure", "https://127.0.0.1:8089/health", check=False).stdout)
        fingerprint = machine.run("lucid-authctl", "tls", "ca", "--fingerprint").stdout.strip()
        assert fingerprint in said and fingerprint in machine.curl("--insecure", "https://127.0.0.1:8089/tls/ca").stdout
        names = machine.run("lucid-authctl", "tls", "show").stdout
        own = machine.sh("uname -n").strip()
        assert {own, f"{own}.local", "localhost"} <= set(names.split()), names
        # Who has that authority needs nothing else.
        machine.sh("lucid-authctl tls ca >/root/ca.crt")
        for host in ["localhost", f"{own}.local"]:
            body = machine.curl("--cacert", "/root/ca.crt", "--resolve", f"{host}:8089:127.0.0.1", f"https://{host}:8089/health").stdout
            assert '"healthy"' in body, host
        assert machine.run("lucid-authctl", "healthcheck").stdout.startswith("healthy: https://")
    assert is_signed_in(machine)


def test_the_master_key_comes_as_a_credential_and_is_lent_to_commands(machine, readme_blocks, wallet):
    key = "/etc/credstore/lucid-auth.master_key"
    readme(machine, readme_blocks.block("credstore"))
    assert machine.sh(f"stat -c '%U %a' {key}") == "root 600\n"
    # The keys that stood in the clear are out of use, and so is what they signed.
    assert not is_signed_in(machine)
    held["token"] = machine.sign_in(wallet)["access_token"]
    # It is sealed with what was loaded, and neither the environment nor a command shows that.
    secret = machine.sh(f"cat {key}").strip()
    assert machine.sh(f"tr '\\0' '\\n' </proc/{machine.show('MainPID')}/environ | grep CREDENTIALS_DIRECTORY").startswith(
        "CREDENTIALS_DIRECTORY=/run/credentials/")
    config = machine.run("lucid-authctl", "config").stdout
    assert re.search(r"MASTER_KEY +\[set\]", config), config
    assert secret not in config + machine.sh(f"tr '\\0' '\\n' </proc/{machine.show('MainPID')}/environ") + machine.log()
    keys = machine.run("lucid-authctl", "key", "list").stdout
    assert "signs now" in keys
    machine.run("systemctl", "stop", "lucid-auth")
    assert machine.run("lucid-authctl", "key", "list").stdout == keys, "the same beside the service and without it"
    assert wallet.address in machine.run("lucid-authctl", "user", "list").stdout
    done = machine.run("lucid-authctl", "user", "show", "nobody", check=False)
    assert done.returncode == 2
    assert machine.sh("find /run -name 'lucid-authctl.*'") == ""
    machine.sh(f"mv {key} /root/key")
    try:
        machine.run("systemctl", "start", "lucid-auth", check=False)
        until("it says what it lacks", lambda: "MASTER_KEY" in machine.log())
        done = machine.run("lucid-authctl", "user", "list", check=False)
        assert done.returncode == 1 and "MASTER_KEY" in done.stdout, done.stdout
    finally:
        machine.sh(f"mv /root/key {key}")
        machine.restart()
    assert is_signed_in(machine)


def test_doctor_finds_no_problem_in_what_was_installed(machine, readme_blocks):
    said = readme(machine, readme_blocks.block("doctor"))
    assert "problem" not in said and re.search(r"^ok +permissions ", said, re.MULTILINE), said
    found = {one["name"]: one for one in json.loads(machine.run("lucid-authctl", "doctor", "--json").stdout)["findings"]}
    assert found["port"]["level"] == found["database"]["level"] == "ok", found
    machine.sh(f"chmod 644 {DATA}/auth.redb")
    done = machine.run("lucid-authctl", "doctor", check=False)
    assert done.returncode == 1 and "chmod 600" in done.stdout
    machine.sh(f"chmod 600 {DATA}/auth.redb")


def test_systemd_holds_a_port_below_1024_for_it(machine, readme_blocks):
    try:
        # While the service has the port, as it has once it was installed.
        assert machine.is_up()
        readme(machine, readme_blocks.block("lucid-auth.socket"))
        assert machine.show("ActiveState", "lucid-auth.socket") == "active" and machine.is_up()
        machine.run("systemctl", "disable", "--now", "lucid-auth.socket")
        with machine.drop_in("[Socket]\nListenStream=\nListenStream=0.0.0.0:443\n", "lucid-auth.socket"):
            machine.run("systemctl", "stop", "lucid-auth.service")
            machine.run("systemctl", "start", "lucid-auth.socket")
            assert machine.show("ActiveState") == "inactive"
            # The first connection starts it.
            status, health = machine.call("/health", base="http://127.0.0.1:443")
            assert (status, health["status"]) == (200, "healthy")
            assert machine.show("ActiveState") == "active" and "listening on the socket that systemd passes on" in machine.log()
            # Whoever calls while it restarts waits, and is not refused.
            before = machine.show("MainPID")
            machine.run("systemctl", "restart", "--no-block", "lucid-auth.service")
            for _ in range(10):
                assert machine.call("/health", base="http://127.0.0.1:443")[0] == 200
            until("another process answers", lambda: machine.show("MainPID") not in ("0", before))
    finally:
        machine.run("systemctl", "stop", "lucid-auth.socket", "lucid-auth.service")
        machine.run("systemctl", "start", "lucid-auth.service")
    assert is_signed_in(machine)


def users(machine):
    return len(json.loads(machine.run("lucid-authctl", "user", "list", "--json").stdout))


def test_a_copy_that_root_puts_back_just_works(machine, readme_blocks, wallet):
    machine.sh(f"systemctl stop lucid-auth; mkdir /root/copy; cp -r {DATA}/. /root/copy; systemctl start lucid-auth")
    before = users(machine)
    machine.sign_in(Wallet())
    assert users(machine) == before + 1
    # Also where it takes the file's place, which `cp` over one that is there does not.
    machine.sh(f"systemctl stop lucid-auth; rm {DATA}/auth.redb; chown root: /root/copy/auth.redb; chmod 600 /root/copy/auth.redb")
    readme(machine, readme_blocks.block("sudo cp"), COPY="/root/copy/auth.redb")
    assert machine.sh(f"stat -c '%U %a' {DATA}/auth.redb") == "lucid-auth 600\n"
    assert users(machine) == before
    held["token"] = machine.sign_in(wallet)["access_token"]
    assert is_signed_in(machine)


def test_a_copy_that_only_root_can_read_is_verified_and_restored(machine, readme_blocks, wallet):
    where = json.loads(machine.run("lucid-authctl", "backup", "--json").stdout)["file"]
    machine.sh(f"mkdir -p '/root/my copies'; mv {where} '/root/my copies/of the day.redb'; chown -R root: '/root/my copies'; chmod 700 /root")
    copy = "/root/my copies/of the day.redb"
    before = users(machine)
    machine.sign_in(Wallet())
    for command in ["backup verify", "check"]:
        assert f"{before} users" in machine.sh(f"cd '/root/my copies'; lucid-authctl {command} 'of the day.redb'"), command
    done = machine.run("lucid-authctl", "restore", copy, check=False)
    assert done.returncode == 1 and "systemctl stop lucid-auth" in done.stdout, done.stdout
    said = readme(machine, readme_blocks.block("restore"), COPY=copy)
    assert f"{DATA}/auth.redb is restored: {before} users" in said, said
    assert set(machine.sh(f"find {DATA} -printf '%u\n'").split()) == {"lucid-auth"}
    assert machine.sh("find /run -name 'lucid-authctl.*'") == ""
    assert users(machine) == before and not is_signed_in(machine), "every session ended"
    held["token"] = machine.sign_in(wallet)["access_token"]
    assert is_signed_in(machine)


def test_copies_go_to_a_disk_that_only_root_may_write_whether_it_runs_or_not(machine):
    machine.sh("mkdir -p /mnt/usb; chmod 700 /mnt/usb")
    for number, state in enumerate(["start", "stop"], 1):
        machine.run("systemctl", state, "lucid-auth")
        machine.run("lucid-authctl", "backup", f"/mnt/usb/{number} of root.redb")
        assert machine.sh(f"stat -c '%U %a' '/mnt/usb/{number} of root.redb'") == "root 600\n"
        assert "is sound" in machine.run("lucid-authctl", "backup", "verify", f"/mnt/usb/{number} of root.redb").stdout
        assert set(machine.sh(f"find {DATA} -printf '%u\n'").split()) == {"lucid-auth"}, state
    machine.sh("systemctl start lucid-auth; rm -r /mnt/usb")
    assert is_signed_in(machine)


def test_backups_are_made_on_another_disk(machine, readme_blocks):
    with machine.own_settings():
        said = readme(machine, readme_blocks.block("BACKUP_DIR"))
        assert re.search(r"^/mnt/usb/lucid-auth/auth-.* is a verified copy", said, re.MULTILINE), said
        # Unplugged, it keeps nobody out.
        machine.sh("rm -r /mnt/usb")
        machine.restart()
        until("it is up", machine.is_up)
        assert machine.run("lucid-authctl", "backup", check=False).returncode == 1
    assert is_signed_in(machine)


def test_copies_that_are_not_whole_are_refused_by_name_and_the_service_starts_again_with_a_good_one(machine, readme_blocks):
    machine.sh("systemctl stop lucid-auth; mkdir -p /root/drill; "
               f"cp --preserve {DATA}/auth.redb /root/drill/good; head --bytes=20000 /root/drill/good >/root/drill/cut; "
               "cp /root/drill/good /root/drill/torn; "
               "dd if=/dev/urandom of=/root/drill/torn bs=4096 seek=1 count=200 conv=notrunc status=none; echo text >/root/drill/text")
    for name in ["cut", "torn", "text"]:
        machine.sh(f"cp /root/drill/{name} {DATA}/auth.redb; systemctl reset-failed lucid-auth; systemctl start lucid-auth || true")
        until(f"{name} is refused", lambda: machine.show("Result") != "success" or machine.show("NRestarts") != "0")
        machine.run("systemctl", "stop", "lucid-auth")
        said = machine.run("journalctl", "--unit=lucid-auth.service", "--output=cat", "--no-pager", "--lines=30").stdout
        assert f"{DATA}/auth.redb is " in said and "It was left as it is." in said, (name, said)
        assert machine.run("cmp", f"/root/drill/{name}", f"{DATA}/auth.redb", check=False).returncode == 0, f"{name} was changed"
    # As in the night: it has failed until systemd starts it no more, and then somebody comes.
    with machine.drop_in("[Unit]\nStartLimitBurst=2\n[Service]\nRestartSec=100ms\n"):
        machine.sh("systemctl reset-failed lucid-auth; systemctl start lucid-auth || true")
        until("systemd gives it up", lambda: machine.show("ActiveState") == "failed")
        assert machine.run("systemctl", "start", "lucid-auth", check=False).returncode != 0
        readme(machine, readme_blocks.block("sudo cp"), COPY="/root/drill/good")
    machine.sh("rm -r /root/drill")
    until("it is up", machine.is_up)
    assert is_signed_in(machine), "the very same file is no restored one"


def test_a_reboot_logs_nobody_out(machine):
    machine.reboot()
    until("it is up", machine.is_up)
    assert is_signed_in(machine)


def test_upgrading_keeps_settings_data_and_sessions(machine, readme_blocks, new):
    put(machine, new)
    before = machine.show("MainPID")
    readme(machine, readme_blocks.block("apt install"))
    assert machine.sh("dpkg-query -f '${Version}' -W lucid-auth") != "0.0.1-1"
    until("the new one is up", lambda: restarted(machine, before))
    assert is_signed_in(machine)
    assert "RATE_LIMIT_PUBLIC=5000" in machine.sh("cat /etc/default/lucid-auth")


def test_removing_keeps_the_data_and_installing_again_finds_them(machine, readme_blocks, new):
    readme(machine, readme_blocks.block("apt remove"))
    assert machine.run("test", "-e", "/usr/bin/lucid-auth", check=False).returncode == 1
    assert machine.run("pgrep", "-x", "lucid-auth", check=False).returncode != 0
    assert "auth.redb" in machine.sh(f"ls {DATA}")
    readme(machine, readme_blocks.block("apt install"))
    until("it is up", machine.is_up)
    assert is_signed_in(machine)


def test_purging_leaves_a_disk_empty_that_is_mounted_for_the_data(machine, readme_blocks, new):
    machine.sh(f"systemctl stop lucid-auth; mkdir /root/data; cp -a {DATA}/. /root/data; mount -t tmpfs none {DATA}; cp -a /root/data/. {DATA}; "
               "rm -r /root/data; systemctl start lucid-auth")
    assert is_signed_in(machine)
    readme(machine, readme_blocks.block("apt purge"))
    assert machine.run("dpkg-query", "--show", "lucid-auth", check=False).returncode != 0
    assert machine.sh(f"ls -A {DATA}") == ""
    machine.sh(f"umount {DATA}")
    readme(machine, readme_blocks.block("apt install"))
    until("it is up", machine.is_up)
    assert is_signed_in(machine), "what lies below was not touched"


def test_purging_leaves_nothing(machine, readme_blocks):
    readme(machine, readme_blocks.block("apt purge"))
    left = machine.sh("find /etc /usr /var/lib -xdev -name '*lucid-auth*' -not -path '/var/lib/dpkg/*' -not -name '*.tmp' "
                      "-not -path '/etc/lucid-auth.*' -not -path '/etc/credstore/*'").split()
    assert left == []
    # But for the user, whose number nobody else is to get.
    assert machine.sh("id -un lucid-auth") == "lucid-auth\n"


def test_each_command_of_the_readme_was_run(readme_blocks):
    assert set(readme_blocks.blocks) == readme_blocks.run
