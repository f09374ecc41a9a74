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

# With the package lists that are here; only where they do not lead to the packages are they refreshed.
apt_install() {
    have apt-get || die "this script knows only rustup and apt; please install what your system calls: $*"
    say "going to install with apt: $*"
    apt_get_install "$@" || {
        say "going to refresh apt's package lists"
        as_root apt-get update -qq >&2 || die "apt-get update failed: is this machine online, and are /etc/apt's sources right?"
        apt_get_install "$@" || die "apt could not install: $*"
    }
}
apt_get_install() {
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@" >&2
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

# Rustup's targets, or Debian's compiler with the source of its library, which cargo then builds with the firmware, and a linker.
missing=
if rustup_has_targets || { ! debian_rust_is_new_enough && rustup_adds_targets; }; then
    is_debian=no
else
    is_debian=yes
    debian_rust_is_new_enough || missing="rustc-web rust-web-src"
    have ld.lld || missing="$missing lld"
fi
# Nordic's headers are read by bindgen, which needs libclang and the headers beside it.
[ "$(uname -s)" != Linux ] || [ -n "${LIBCLANG_PATH:-$(libclang)}" ] || missing="$missing libclang-dev"
# shellcheck disable=SC2086 # a list of words
[ -z "$missing" ] || apt_install $missing

[ -z "${LIBCLANG_PATH:-$(libclang)}" ] || echo "LIBCLANG_PATH=${LIBCLANG_PATH:-$(dirname "$(libclang)")}"
[ $is_debian = yes ] || exit 0

debian_rust_is_new_enough || die "apt's newest Rust is too old: $RUST_WANTED is wanted"
say "building with Debian's $(/usr/bin/rustc --version), its library from source"
echo "RUSTC=/usr/bin/rustc"
echo "RUSTC_BOOTSTRAP=1"
echo "CARGO_UNSTABLE_BUILD_STD=core,alloc"
for target in $TARGETS; do
    name=$(printf '%s' "$target" | tr 'a-z.-' 'A-Z__')
    echo "CARGO_TARGET_${name}_LINKER=ld.lld"
done
