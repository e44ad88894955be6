# Sourced by bin/lint and bin/test: a configuration of its own to check under, and `step`.
checking=$(mktemp -d)
trap 'rm -rf "$checking"' EXIT
export PLANE=web SECRET_KEY=only-for-checks-0123456789012345678901234567890123456789
export DATA_DIR="$checking" KEYS_DIR="$checking/keys" PATH="$PWD/.venv/bin:$PATH"
unset DEMO EMAIL_URL PUBLIC_URL PORT DJANGO_SETTINGS_MODULE

step() { # says what runs, then runs it
    printf '\n== %s\n' "$*"
    "$@"
}
