# shellcheck shell=bash
# What the scripts say, and what they count.

# The time since the script began, and one line.
say() {
    printf '[%4ds] %s\n' "$SECONDS" "$*"
}

# One line to the terminal's error stream, and failure.
refuse() {
    printf '%s: %s\n' "${0##*/}" "$*" >&2
    return 1
}

# The closing line, from passed, failed and skipped.
closing_line() {
    if (($3 > 0)); then
        echo "$1 passed, $2 failed, $3 skipped"
    else
        echo "$1 passed, $2 failed"
    fi
}
