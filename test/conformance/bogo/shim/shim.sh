#!/bin/sh
# What the runner starts for each test: the shim in a fresh process. HOLDFAST_DENO is set by run.ts.
exec "${HOLDFAST_DENO:-deno}" run --quiet --cached-only --no-check -A "$(dirname -- "$0")/main.ts" "$@"
