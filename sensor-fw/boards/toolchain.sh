#!/bin/sh
# Finds what builds for the sensors' chips, and installs what is missing: by rustup, or where its server cannot be reached
# with Debian's packages. Prints what cargo is to be told on stdout, NAME=value a line; all else goes to stderr.
#
#   set -a; eval "$(./toolchain.sh)"; cargo build --release --target thumbv7em-none-eabihf -p nrf52840-dk
set -eu

TARGETS="thumbv7em-none-eabihf thumbv8m.main-none-eabihf"
RUST_WANTED=1.95

say() { printf 'toolchain: %s\n' "$*" >&2; }
die() { say "$*" && exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }
at_least() { [ "$(printf '%s\n%s\n' "$1" "$2" | LC_ALL=C sort -V | head -n 1)" = "$2" ]; }

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; elif have sudo; then sudo "$@"; else die "as root, run this and start again: $*"; fi
}

apt_install() {
    have apt-get || die "this script knows only rustup and apt; please install what your system calls: $*"
    say "going to install with apt: $*"
    as_root apt-get update -qq >&2
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@" >&2 ||
        die "apt could not install: $*"
}

rustup_has_targets() {
    libraries=$(rustc --print sysroot)/lib/rustlib
    for target in $TARGETS; do ls "$libraries/$target"/lib/libcore-*.rlib >/dev/null 2>&1 || return 1; done
}

# Tried once; a machine that cannot reach rustup's server is told so within a minute.
rustup_adds_targets() {
    have rustup || return 1
    say "going to add the targets by rustup: $TARGETS"
    # shellcheck disable=SC2086 # a list of words
    RUSTUP_MAX_RETRIES=0 timeout 60 rustup target add $TARGETS >&2
}

debian_rust_is_new_enough() {
    [ -e /usr/lib/rustlib/src/rust/library/core/src/lib.rs ] && dpkg -s rustc-web >/dev/null 2>&1 &&
        at_least "$(/usr/bin/rustc --version | cut -d' ' -f2)" $RUST_WANTED
}

libclang() { ls -d /usr/lib/llvm-*/lib/libclang.so 2>/dev/null | sort -V | tail -n 1; }

# Nordic's headers are read by bindgen, which needs libclang and the headers beside it.
[ "$(uname -s)" != Linux ] || [ -n "${LIBCLANG_PATH:-}" ] || [ -n "$(libclang)" ] || apt_install libclang-dev
[ -z "$(libclang)" ] || echo "LIBCLANG_PATH=${LIBCLANG_PATH:-$(dirname "$(libclang)")}"

if rustup_has_targets || { ! debian_rust_is_new_enough && rustup_adds_targets; }; then exit 0; fi

# Debian has the compiler and the source of its library, which cargo then builds with the firmware; and a linker.
debian_rust_is_new_enough || apt_install rustc-web rust-web-src
debian_rust_is_new_enough || die "apt's newest Rust is too old: $RUST_WANTED is wanted"
have ld.lld || apt_install lld
say "building with Debian's $(/usr/bin/rustc --version), its library from source"
echo "RUSTC=/usr/bin/rustc"
echo "RUSTC_BOOTSTRAP=1"
echo "CARGO_UNSTABLE_BUILD_STD=core,alloc"
for target in $TARGETS; do
    name=$(printf '%s' "$target" | tr 'a-z.-' 'A-Z__')
    echo "CARGO_TARGET_${name}_LINKER=ld.lld"
done
