# shellcheck shell=bash
# The benches, each held against benches/budgets.tsv.

# Run them, and print what each measured beside its budget. Fails if one is not held, or was not measured.
run_benches() {
    local measured=$RESULTS/measured.tsv status=0
    need_cargo
    say "cargo bench --bench load"
    cargo bench --locked --bench load | tee "$measured" || status=1
    if [ -x benches/footprint/run ]; then
        say "benches/footprint/run"
        benches/footprint/run | tee -a "$measured" || status=1
    fi
    say "budgets"
    awk -F '\t' '
        function line(name, budget, value, word) { printf "  %-68s %10s %10s  %s\n", name, budget, value, word }
        FNR == NR { measured[$1] = $2; next }
        FNR == 1 { line("what", "budget", "measured", "") }
        /^#/ || NF < 3 { next }
        {
            if (!($1 in measured)) { word = "NOT MEASURED"; failed = 1 }
            else if ($2 == "-") word = "stated, in " $3
            else if (measured[$1] + 0 <= $2 + 0) word = "held, in " $3
            else { word = "NOT HELD, in " $3; failed = 1 }
            line($1, $2, measured[$1], word)
        }
        END { exit failed }
    ' "$measured" benches/budgets.tsv || status=1
    return "$status"
}
