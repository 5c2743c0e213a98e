# shellcheck shell=bash
# The parts of the suite. Each is a function `part_NAME` that installs what it needs, runs its tests, and leaves
# `passed failed skipped` in "$RESULTS/NAME.count". $PART is the name of the one that runs.
# shellcheck disable=SC2153 # PART and RESULTS come from tests/run

# In the order they run: what needs least comes first.
# shellcheck disable=SC2034 # tests/run reads it
PARTS=(rust doc frames fuzz clients python contract sad container systemd proxies browser readme)
# Those that only --long or --only brings in.
# shellcheck disable=SC2034
LONG_PARTS=(scale soak release pi)

part_rust() { # unit and integration tests
    need_cargo_tool nextest
    local junit=target/nextest/suite/junit.xml status=0 passed failed ignored which=()
    rm -f "$junit"
    # What is left out is counted as skipped below.
    can_dump || which=(-E 'not test(no_core_is_dumped_even_where_others_would_be)')
    say "$PART: cargo nextest run"
    cargo nextest run --locked --no-run
    in_own_network cargo nextest run --locked --config-file tests/lib/nextest.toml --profile suite "${which[@]}" 2>&1 |
        tee "$RESULTS/$PART.log" || status=$?
    read -r passed failed _ < <(python3 tests/lib/count.py "$junit")
    # JUnit does not list ignored tests; the summary counts them.
    ignored=$(sed -n 's/^ *Summary .* \([0-9]*\) skipped.*/\1/p' "$RESULTS/$PART.log")
    echo "$passed $failed ${ignored:-0}" >"$RESULTS/$PART.count"
    return "$status"
}

# Run a command in a network of its own, where this machine gives one; if that takes sudo, only the long forms. What opens many
# connections runs out of ports elsewhere: each that ended keeps its own for a minute. There it is free at once.
in_own_network() {
    if [[ -n ${LUCID_LONG:-} || $(id -u) == 0 ]] && can_boot; then
        need_command ip iproute2
        # shellcheck disable=SC2016 # the inner shell expands it
        as_root unshare --net bash -c 'ip link set lo up && echo 1024 >/proc/sys/net/ipv4/tcp_max_tw_buckets && exec "$@"' bash \
            env PATH="$PATH" HOME="$HOME" LUCID_FIGURES="$LUCID_FIGURES" LUCID_LONG="${LUCID_LONG:-}" "$@"
    else
        "$@"
    fi
}

# Whether a program can leave a core behind on this machine, so that it means something that the service does not.
can_dump() {
    local folder status=0
    folder=$(mktemp -d)
    (cd "$folder" && python3 -c '
import os, resource, sys
hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))
child = os.fork()
if child == 0:
    os.abort()
sys.exit(not os.WCOREDUMP(os.waitpid(child, 0)[1]))') || status=1
    rm -rf "$folder"
    ((status == 0)) ||
        refuse "DID NOT RUN (skipped): that the service leaves no core behind. Nobody does here (limit $(ulimit -H -c))"
}

# Eight minutes on two cores, of which three are the build.
part_fuzz() { # what strangers send and disks return, changed at random, against the code that reads it
    need_cargo_tool fuzz
    local status=0 folder
    # In a folder of its own, as all crates are built with counters in them.
    folder=$(cd "${CARGO_TARGET_DIR:-target}" && pwd)/fuzz
    say "$PART: cargo fuzz build"
    # Without a sanitizer: the code is safe Rust, which the crates check in their own fuzzing. It takes no nightly compiler, and
    # is many times as fast.
    RUSTC_WRAPPER=$PWD/tests/fuzz/ours-only cargo fuzz build --sanitizer none --target-dir "$folder" targets
    say "$PART: tests/fuzz/run"
    in_own_network python3 tests/fuzz/run "$folder/$(rustc -vV | sed -n 's/^host: //p')/release/targets" "$folder/work" |
        tee "$RESULTS/$PART.log" || status=$?
    tail -n 1 "$RESULTS/$PART.log" >"$RESULTS/$PART.count"
    return "$status"
}

part_frames() { # what devices and addresses hand to the pages' code, made at random
    need_node_modules
    node_tests tests/frames/*.test.mjs
}

part_soak() { # mixed load for an hour at half of what the service can; only with --long, or for two minutes with --only
    need_cargo_tool nextest
    need_binary
    local junit=target/nextest/suite/junit.xml status=0
    rm -f "$junit"
    say "$PART: cargo nextest run --test soak"
    LUCID_SOAK_SECONDS=$((${LUCID_LONG:-0} ? 3600 : 120)) cargo nextest run --locked --config-file tests/lib/nextest.toml \
        --profile suite --success-output immediate --test soak || status=$?
    python3 tests/lib/count.py "$junit" >"$RESULTS/$PART.count"
    return "$status"
}

part_scale() { # pages of a million users, timed in the release build; only with --long or --only
    need_cargo_tool nextest
    local junit=target/nextest/suite/junit.xml status=0
    rm -f "$junit"
    say "$PART: cargo nextest run --cargo-profile release --test scale"
    LUCID_USERS=1000000 cargo nextest run --locked --cargo-profile release --config-file tests/lib/nextest.toml \
        --profile suite --success-output immediate --test scale || status=$?
    python3 tests/lib/count.py "$junit" >"$RESULTS/$PART.count"
    return "$status"
}

part_doc() { # the examples in the documentation comments
    need_cargo
    local status=0
    say "$PART: cargo test --doc"
    cargo test --doc --locked 2>&1 | tee "$RESULTS/$PART.log" || status=$?
    sed -n 's/^test result: .* \([0-9]*\) passed; \([0-9]*\) failed; \([0-9]*\) ignored.*/\1 \2 \3/p' \
        "$RESULTS/$PART.log" | awk '{p += $1; f += $2; s += $3} END {print p + 0, f + 0, s + 0}' >"$RESULTS/$PART.count"
    return "$status"
}

part_clients() { # tronweb and jose against the running binary
    need_node_modules
    need_binary
    node_tests tests/clients/*.test.mjs
}

part_python() { # PyJWT and eth-account against the running binary
    need_venv clients
    need_binary
    local junit=$RESULTS/$PART.xml status=0
    say "$PART: pytest tests/clients"
    PYTHONDONTWRITEBYTECODE=1 "$TOOLS/clients/bin/python" -m pytest --quiet -p no:cacheprovider \
        --junitxml="$junit" tests/clients || status=$?
    python3 tests/lib/count.py "$junit" >"$RESULTS/$PART.count"
    return "$status"
}

part_contract() { # schemathesis against the running binary and its own document
    need_venv contract
    need_binary
    local junit=$RESULTS/$PART.xml status=0
    say "$PART: pytest tests/contract"
    PYTHONDONTWRITEBYTECODE=1 "$TOOLS/contract/bin/python" -m pytest --quiet -p no:cacheprovider -rP \
        --junitxml="$junit" tests/contract || status=$?
    python3 tests/lib/count.py "$junit" >"$RESULTS/$PART.count"
    return "$status"
}

part_sad() { # the running binary on a machine that fails it: disks, descriptors, memory, chance; killed at each step of a file's making
    can_boot || return "$NOT_RUN"
    need_command strace strace
    need_venv clients
    need_binary
    can_trace || return "$NOT_RUN"
    local junit=$RESULTS/$PART.xml status=0
    say "$PART: pytest tests/sad"
    # Mounts of its own, which end with it.
    # shellcheck disable=SC2016 # the inner shell expands it
    as_root unshare --mount bash -c 'mount --make-rprivate / && exec "$@"' bash \
        env PATH="$PATH" HOME="$HOME" PYTHONDONTWRITEBYTECODE=1 LUCID_AUTH_BIN="$LUCID_AUTH_BIN" LUCID_FIGURES="$LUCID_FIGURES" \
        LUCID_LONG="${LUCID_LONG:-}" "$TOOLS/clients/bin/python" -m pytest --quiet -rs -p no:cacheprovider --durations=5 \
        --junitxml="$junit" tests/sad || status=$?
    python3 tests/lib/count.py "$junit" >"$RESULTS/$PART.count"
    return "$status"
}

# Whether this machine lets one process look into another's system calls, and fail them.
can_trace() {
    as_root strace -q -o /dev/null -e trace=fsync -e inject=fsync:error=EIO true 2>/dev/null ||
        refuse "system calls cannot be made to fail here: strace may not trace"
}

part_proxies() { # nginx and Caddy with the examples of packaging/, before the running binary
    need_node_modules
    need_command openssl openssl
    need_server nginx nginx-light
    need_server caddy caddy
    need_chromium
    need_python
    python3 -c 'import yaml' 2>/dev/null || need_packages python3-yaml
    need_binary
    node_tests tests/proxies/*.test.mjs
}

part_browser() { # Chromium through the real pages
    need_node_modules
    need_chromium
    need_command ip iproute2
    need_command unshare util-linux
    need_binary
    node_tests tests/browser/*.test.mjs
}

part_readme() { # the README's examples, as they stand
    need_command curl curl
    need_command jq jq
    need_node_modules
    need_venv clients
    need_binary
    local junit=$RESULTS/$PART.xml status=0
    say "$PART: tests/readme/run"
    PATH=$TOOLS/clients/bin:$PATH python3 tests/readme/run --junit "$junit" || status=$?
    python3 tests/lib/count.py "$junit" >"$RESULTS/$PART.count"
    return "$status"
}

part_systemd() { # the Debian package on a systemd of its own, from its installation to its purge; with --long on Debian 12, too
    can_boot || return "$NOT_RUN"
    need_command systemd-nspawn systemd-container
    need_command lintian lintian
    need_command readelf binutils
    need_command ip iproute2
    need_command openssl openssl
    need_command xz xz-utils
    need_venv clients
    need_cargo
    need_binary
    local release releases=(trixie) status=0 p f s passed=0 failed=0 skipped=0
    [ -z "${LUCID_LONG:-}" ] || releases+=(bookworm)
    for release in "${releases[@]}"; do
        need_debian_root "$release"
        say "$PART: pytest tests/systemd, on Debian $release"
        as_root env PATH="$PATH" HOME="$HOME" PYTHONDONTWRITEBYTECODE=1 LUCID_AUTH_BIN="$LUCID_AUTH_BIN" \
            LUCID_TEST_TOOLS="$TOOLS" LUCID_TEST_ROOT="$TOOLS/debian-$release.tar" \
            "$TOOLS/clients/bin/python" -m pytest --quiet -p no:cacheprovider --durations=5 --maxfail=3 \
            --junitxml="$RESULTS/$PART-$release.xml" tests/systemd || status=$?
        read -r p f s < <(python3 tests/lib/count.py "$RESULTS/$PART-$release.xml")
        passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
    done
    echo "$passed $failed $skipped" >"$RESULTS/$PART.count"
    return "$status"
}

# Whether this machine lets a systemd boot, or a container run, in namespaces of its own. In many a container it does not.
can_boot() {
    as_root unshare --mount --pid --net --uts --ipc --cgroup --fork --mount-proc mount -t tmpfs none /mnt 2>/dev/null ||
        refuse "nothing can be run in namespaces of its own here: it takes root and a machine that gives them"
}

part_container() { # the image, built and run as packaging/compose.yaml has it
    can_boot || return "$NOT_RUN"
    need_containers
    need_venv clients
    need_binary
    local status=0
    say "$PART: pytest tests/container"
    container_tests "$(need_architecture)" "$LUCID_AUTH_BIN" "$RESULTS/$PART.xml" || status=$?
    python3 tests/lib/count.py "$RESULTS/$PART.xml" >"$RESULTS/$PART.count"
    return "$status"
}

need_containers() {
    need_command buildah buildah
    need_command podman podman
    need_command crun crun
    need_command docker-compose docker-compose
    need_command ip iproute2
    [ -e /etc/ssl/certs/ca-certificates.crt ] || need_packages ca-certificates
}

container_tests() { # container_tests ARCHITECTURE BINARY JUNIT
    # A network of its own, in which port 8089 is free; and the one kind of control groups that is left, for crun.
    # shellcheck disable=SC2016 # the inner shell expands it
    as_root unshare --mount --net bash -c 'mount --make-rprivate / && umount --recursive /sys/fs/cgroup &&
        mount -t cgroup2 none /sys/fs/cgroup && ip link set lo up && exec "$@"' bash \
        env PATH="$PATH:/usr/sbin" HOME="$HOME" PYTHONDONTWRITEBYTECODE=1 LUCID_TEST_ARCHITECTURE="$1" LUCID_AUTH_BIN="$2" \
        "$TOOLS/clients/bin/python" -m pytest --quiet -p no:cacheprovider -rP --durations=5 --maxfail=3 \
        --junitxml="$3" tests/container
}

part_release() { # the files of a release; only with --long (also for the other architecture, and built twice) or --only
    need_command readelf binutils
    need_command dpkg-deb dpkg
    need_venv clients
    need_cargo
    local junit=$RESULTS/$PART.xml status=0 architectures
    architectures=$(need_architecture)
    if [ -n "${LUCID_LONG:-}" ]; then
        architectures="amd64 arm64"
        # Of itself neither a pass nor a failure: it ends the part if it fails.
        packaging/build --check-reproducible arm64
    fi
    say "$PART: pytest tests/release, for $architectures"
    PYTHONDONTWRITEBYTECODE=1 LUCID_ARCHITECTURES=$architectures \
        "$TOOLS/clients/bin/python" -m pytest --quiet -p no:cacheprovider --junitxml="$junit" tests/release || status=$?
    python3 tests/lib/count.py "$junit" >"$RESULTS/$PART.count"
    return "$status"
}

part_pi() { # the ARM64 binary on a Cortex-A76 with pages of 16 KiB, its image, and its package on a whole machine of that kind, all emulated; only with --long, --pi or --only
    need_command qemu-aarch64-static qemu-user-static || return "$NOT_RUN"
    need_command qemu-system-aarch64 qemu-system-arm || return "$NOT_RUN"
    need_command openssl openssl
    need_command lintian lintian
    need_command readelf binutils
    need_venv clients
    local status=0 binary p f s passed=0 failed=0 skipped=0 test tests=(binary image machine)
    say "build: packaging/build arm64"
    binary=$(realpath "$(packaging/build arm64)")
    local test_options=(-m pytest --quiet -p no:cacheprovider --durations=5)
    say "$PART: pytest tests/pi"
    PYTHONDONTWRITEBYTECODE=1 LUCID_ARM64_BIN=$binary "$TOOLS/clients/bin/python" "${test_options[@]}" \
        --junitxml="$RESULTS/$PART-binary.xml" tests/pi || status=$?
    if can_boot; then
        need_containers
        need_arm64_programs
        say "$PART: pytest tests/container, for ARM64"
        container_tests arm64 "$binary" "$RESULTS/$PART-image.xml" || status=$?
    else
        skipped=1
        tests=(binary machine)
    fi
    need_pi_machine
    say "$PART: pytest tests/systemd, on an emulated machine"
    as_root env PATH="$PATH" HOME="$HOME" PYTHONDONTWRITEBYTECODE=1 LUCID_AUTH_BIN="$binary" LUCID_TEST_ARCHITECTURE=arm64 \
        LUCID_TEST_PI="$TOOLS/pi-machine" LUCID_TEST_TOOLS="$TOOLS" LUCID_TEST_PATIENCE=8 \
        "$TOOLS/clients/bin/python" "${test_options[@]}" --maxfail=3 \
        --junitxml="$RESULTS/$PART-machine.xml" tests/systemd || status=$?
    for test in "${tests[@]}"; do
        read -r p f s < <(python3 tests/lib/count.py "$RESULTS/$PART-$test.xml")
        passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
    done
    echo "$passed $failed $skipped" >"$RESULTS/$PART.count"
    return "$status"
}

# Run files of Node's test runner; the part is as they end.
node_tests() {
    local junit=$RESULTS/$PART.xml status=0
    [ -e "$1" ] || refuse "there is no $1"
    say "$PART: node --test $*"
    node --test --test-concurrency=2 --test-reporter=spec --test-reporter-destination=stdout \
        --test-reporter=junit --test-reporter-destination="$junit" "$@" || status=$?
    python3 tests/lib/count.py "$junit" >"$RESULTS/$PART.count"
    return "$status"
}
