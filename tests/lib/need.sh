# shellcheck shell=bash
# What the tests need, each installed when it is missing. Every function may be called again: it then only looks.
#
# Debian's packages go into the system; all else goes under $TOOLS, but for tests/node_modules.

TOOLS=${CARGO_TARGET_DIR:-target}/test-tools
mkdir -p "$TOOLS"
TOOLS=$(cd "$TOOLS" && pwd)

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        refuse "'$*' needs root: run as root, or install sudo"
    fi
}

# Install Debian packages. Their lists are fetched once a run at most.
need_packages() {
    local lists="$TOOLS/apt-lists-of-$$"
    command -v apt-get >/dev/null || refuse "install by hand, as there is no apt-get here: $*" || return
    say "install (apt): $*"
    if [ ! -e "$lists" ]; then
        as_root apt-get -q -q -o DPkg::Lock::Timeout=300 update || return
        rm -f "$TOOLS"/apt-lists-of-*
        touch "$lists"
    fi
    as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get -q -q -y --no-install-recommends -o DPkg::Lock::Timeout=300 install "$@" >"$TOOLS/apt.log" 2>&1 || {
        cat "$TOOLS/apt.log" >&2
        return 1
    }
}

# Install the packages after the first argument unless that command is there.
need_command() {
    local command=$1
    shift
    command -v "$command" >/dev/null || need_packages "$@"
}

# The same for a server, which Debian would start at once, unless /usr/sbin/policy-rc.d says no: the tests start their own.
need_server() {
    local command=$1 policy=/usr/sbin/policy-rc.d status=0
    shift
    PATH=$PATH:/usr/sbin
    command -v "$command" >/dev/null && return
    if [ -e "$policy" ]; then
        need_packages "$@"
        return
    fi
    printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null && as_root chmod 755 "$policy" || return
    need_packages "$@" || status=$?
    as_root rm -f "$policy"
    return "$status"
}

need_cargo() {
    command -v cargo >/dev/null || refuse "cargo is missing: install Rust (https://rustup.rs)" || return
    need_command cc gcc libc6-dev
}

# A compiler for this target, named by CARGO and RUSTC: this one's, if it has the target's library (rustup target add), or
# else Debian's own. And a C compiler for it.
need_rust_for() {
    local triple=$1 machine=${1%%-*} debian=arm64
    CARGO=$(command -v cargo || true) RUSTC=$(command -v rustc || true)
    export CARGO RUSTC
    [ "$machine" = aarch64 ] || debian=amd64
    if [ "$machine" != "$(uname -m)" ]; then
        need_command "$machine-linux-gnu-gcc" "gcc-${machine/_/-}-linux-gnu" "libc6-dev-$debian-cross" || return
    fi
    [ -z "$RUSTC" ] || [ ! -d "$("$RUSTC" --print target-libdir --target "$triple")" ] || return 0
    CARGO=/usr/bin/cargo RUSTC=/usr/bin/rustc
    [ ! -x "$RUSTC" ] || [ ! -d "$("$RUSTC" --print target-libdir --target "$triple")" ] || return 0
    command -v dpkg >/dev/null || refuse "the Rust library for $triple is missing: rustup target add $triple" || return
    if ! dpkg --print-foreign-architectures | grep -q -x "$debian"; then
        as_root dpkg --add-architecture "$debian" || return
        rm -f "$TOOLS"/apt-lists-of-*
    fi
    need_packages rustc-web cargo-web "libstd-rust-web-dev:$debian" ||
        refuse "the Rust library for $triple is missing: rustup target add $triple"
}

need_python() {
    need_command python3 python3 || return
    python3 -c 'import ensurepip, venv' 2>/dev/null || need_packages python3-venv
}

# A virtual environment $TOOLS/NAME that holds exactly tests/requirements/NAME.txt, each file checked by its hash.
need_venv() {
    local venv=$TOOLS/$1 wanted=tests/requirements/$1.txt
    need_python || return
    cmp -s "$wanted" "$venv/installed.txt" && return
    say "install (pip): $wanted"
    rm -rf "$venv"
    python3 -m venv "$venv" || return
    "$venv/bin/pip" --quiet --disable-pip-version-check install --only-binary :all: --require-hashes -r "$wanted" || return
    cp "$wanted" "$venv/installed.txt"
}

# Node.js 20.19 or newer, with npm: the system's, or else the one that PyPI carries (Debian 12's is too old).
need_node() {
    local version
    if command -v npm >/dev/null && version=$(node --version 2>/dev/null); then
        printf '%s\n' v20.19.0 "$version" | sort --version-sort --check=quiet && return
    fi
    need_venv node || return
    PATH=$TOOLS/node/bin:$PATH
}

# tests/node_modules, exactly as tests/package-lock.json has it. No package runs a script of its own.
need_node_modules() {
    need_node || return
    cmp -s tests/package-lock.json tests/node_modules/.installed && return
    say "install (npm): tests/package-lock.json"
    npm --prefix tests ci --ignore-scripts --no-audit --no-fund --loglevel=error || return
    cp tests/package-lock.json tests/node_modules/.installed
}

# The whole browser, and its engine without a window, in which most tests run at half the cost.
need_chromium() {
    need_command chromium chromium fonts-liberation || return
    need_command chromium-headless-shell chromium-headless-shell
}

# Those that PyPI does not carry, each at the version that all builds use.
declare -A BUILT_TOOLS=([auditable]=0.7.7 [cyclonedx]=0.5.9 [fuzz]=0.13.2)

# `cargo NAME`: one that is there, or a prebuilt one from PyPI, or else built from source.
need_cargo_tool() {
    local name=$1 version=${BUILT_TOOLS[$1]:-}
    need_cargo || return
    PATH=$TOOLS/tools/bin:$TOOLS/cargo/bin:$PATH
    if [ -n "$version" ]; then
        ! grep -q -F "\"cargo-$name $version " "$TOOLS/cargo/.crates.toml" 2>/dev/null || return 0
        say "install (cargo): cargo-$name $version"
        # They do little themselves: to be built soon is worth more than to be fast.
        cargo install --quiet --locked --debug --root "$TOOLS/cargo" "cargo-$name@$version"
        return
    fi
    command -v "cargo-$name" >/dev/null && return
    need_venv tools && command -v "cargo-$name" >/dev/null && return
    version=$(sed -n "s/^astral-dev-toolchain-cargo-$name==\([0-9.]*\).*/\1/p" tests/requirements/tools.txt)
    say "install (cargo): cargo-$name $version, as no prebuilt one suits this machine"
    cargo install --quiet --locked --root "$TOOLS/cargo" "cargo-$name@$version"
}

# The binary of a release for this machine: $LUCID_AUTH_BIN, or else built now and named so.
need_binary() {
    local architecture
    if [ -n "${LUCID_AUTH_BIN:-}" ]; then
        [ -x "$LUCID_AUTH_BIN" ] || refuse "LUCID_AUTH_BIN=$LUCID_AUTH_BIN is not a program"
        return
    fi
    architecture=$(need_architecture) || return
    say "build: packaging/build $architecture"
    LUCID_AUTH_BIN=$(realpath "$(packaging/build "$architecture")") || return
    export LUCID_AUTH_BIN
}

# Print what Debian calls this machine.
need_architecture() {
    case $(uname -m) in
        x86_64) echo amd64 ;;
        aarch64) echo arm64 ;;
        *) refuse "packages are for x86-64 and 64-bit ARM, and this machine is neither" ;;
    esac
}

# A Debian of this release as a tar file with systemd, whose path is printed: $TOOLS/debian-RELEASE.tar.
need_debian_root() {
    local release=$1 root=$TOOLS/debian-$1.tar packages=systemd,systemd-sysv,dbus,init-system-helpers,curl,perl-base,procps,sudo,man-db
    [ ! -e "$root" ] || return 0
    need_command mmdebstrap mmdebstrap || return
    [ -e /usr/share/keyrings/debian-archive-keyring.gpg ] || need_packages debian-archive-keyring || return
    say "make: a Debian $release with systemd"
    as_root mmdebstrap --quiet --format=tar --variant=minbase --include="$packages" --aptopt='Acquire::Languages "none"' \
        --dpkgopt=path-exclude='/usr/share/doc/*' --dpkgopt=path-include='/usr/share/doc/lucid-auth/*' \
        "$release" "$root.part" http://deb.debian.org/debian || return
    as_root mv "$root.part" "$root"
}

# That this machine runs programs for ARM64, by its emulator.
need_arm64_programs() {
    need_command arch-test arch-test || return
    if ! arch-test arm64 >/dev/null; then
        # Where no systemd did it at boot.
        need_command update-binfmts binfmt-support || return
        [ -e /proc/sys/fs/binfmt_misc/status ] || as_root mount -t binfmt_misc none /proc/sys/fs/binfmt_misc || return
        as_root update-binfmts --enable qemu-aarch64 || return
    fi
}

# What a Pi is emulated from, with a kernel of 16 KiB pages, in $TOOLS/pi-machine: made once, in about ten minutes.
need_pi_machine() {
    [ ! -e "$TOOLS/pi-machine/initrd" ] || return 0
    need_command mmdebstrap mmdebstrap || return
    need_command cpio cpio || return
    need_command depmod kmod || return
    need_command xz xz-utils || return
    need_command mke2fs e2fsprogs || return
    [ -e /usr/share/keyrings/debian-archive-keyring.gpg ] || need_packages debian-archive-keyring || return
    need_arm64_programs || return
    say "make: a Debian trixie for ARM64, and a kernel with pages of 16 KiB"
    as_root tests/systemd/pi/make "$TOOLS/pi-machine"
}
