#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# run.sh BUILD_DIR CMAKE CC LIBDIR FLAGS
set -eu
build=$1 cmake=$2 cc=$3 libdir=$4 flags=$5
here=$(cd "$(dirname "$0")" && pwd)
prefix=$(mktemp -d)
trap 'rm -rf "$prefix"' EXIT

"$cmake" --install "$build" --component client --prefix "$prefix" >/dev/null
PKG_CONFIG_PATH=$prefix/$libdir/pkgconfig
export PKG_CONFIG_PATH
flags="$(pkg-config --cflags --libs shanqiao) $flags"

# shellcheck disable=SC2086
"$cc" -Wall -Wextra -Werror -std=c17 "$here/example.c" $flags -o "$prefix/example"
printf '#include <shanqiao/client.h>\nint main() { return sq_version() == nullptr; }\n' >"$prefix/header.cc"
if command -v c++ >/dev/null; then
    # shellcheck disable=SC2086
    c++ -Wall -Wextra -Wpedantic -Werror -std=c++11 "$prefix/header.cc" $flags -o "$prefix/header"
    "$prefix/header"
fi
"$prefix/example"
