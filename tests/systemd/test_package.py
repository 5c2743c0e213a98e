"""The package as a file."""

import hashlib
import os
import subprocess

from conftest import ARCHITECTURE, package

LINTIAN = ["lintian", "--allow-root", "--fail-on", "error,warning"]


def test_lintian_finds_nothing(new):
    # A binary with its symbols, as in a debug build, is not what is shipped.
    done = subprocess.run([*LINTIAN, new], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert (done.returncode, done.stdout) == (0, "")


def test_the_same_tree_and_binary_make_the_same_package(new):
    first = hashlib.sha256(new.read_bytes()).hexdigest()
    assert hashlib.sha256(package().read_bytes()).hexdigest() == first


def test_a_binary_for_another_machine_is_refused():
    other = "amd64" if ARCHITECTURE == "arm64" else "arm64"
    done = subprocess.run(["packaging/deb", os.environ["LUCID_AUTH_BIN"], other], stderr=subprocess.PIPE, text=True)
    assert done.returncode == 1 and f"is not for {other}" in done.stderr


def test_it_holds_man_pages_completions_and_settings_that_are_all_comments(new, tmp_path):
    subprocess.run(["dpkg-deb", "--extract", new, tmp_path], check=True)
    for path in ["usr/share/man/man1/lucid-auth.1.gz", "usr/share/man/man1/lucid-auth-user-add.1.gz",
                 "usr/share/man/man8/lucid-authctl.8.gz", "usr/share/bash-completion/completions/lucid-auth",
                 "usr/share/zsh/vendor-completions/_lucid-auth", "usr/share/fish/vendor_completions.d/lucid-auth.fish"]:
        assert (tmp_path / path).stat().st_size > 100, path
    settings = (tmp_path / "etc/default/lucid-auth").read_text().splitlines()
    assert len(settings) > 100 and all(line.startswith("#") or not line for line in settings)
    completes = 'source "$1"; COMP_WORDS=(lucid-auth user s) COMP_CWORD=2; "$(complete -p lucid-auth | grep -o "_lucid[^ ]*")" lucid-auth s user; echo "${COMPREPLY[@]}"'
    script = tmp_path / "usr/share/bash-completion/completions/lucid-auth"
    done = subprocess.run(["bash", "-c", completes, "bash", script], check=True, stdout=subprocess.PIPE, text=True)
    assert done.stdout.split() == ["set-role", "show"]
