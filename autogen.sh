#!/bin/sh
# Writes configure and its company; run it once after a clone, then configure in a build directory.
set -e
cd "$(dirname "$0")"
mkdir -p m4 build-aux
exec autoreconf --install "$@"
