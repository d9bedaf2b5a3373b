# shellcheck shell=bash
# What the scripts share: where things are kept, and how a missing thing gets installed.
# Sourced, never run. Nothing here asks a question when there is no terminal.
# shellcheck disable=SC2034 # the scripts that source this file use its variables
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
root=$PWD
readonly root

cache=${UNDERTOW_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/undertow}
readonly cache
# Compiled dependencies live outside the clone, so that the next clone does not compile them again.
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$cache/target}

readonly build_packages=(build-essential pkg-config libwebkit2gtk-4.1-dev curl xz-utils)
readonly window_packages=(webkit2gtk-driver xvfb xauth dbus dbus-x11 imagemagick fonts-dejavu-core)
readonly oldest_node=20.19

say() {
  if [ -t 1 ]; then printf '\033[1mundertow: %s\033[0m\n' "$*"; else printf 'undertow: %s\n' "$*"; fi
}

fail() {
  printf 'undertow: %s\n' "$*" >&2
  exit 1
}

is_macos() { [ "$(uname -s)" = Darwin ]; }

has() { command -v "$1" > /dev/null 2>&1; }

as_root() {
  if [ "$(id -u)" -eq 0 ]; then
    "$@"
  elif has sudo && [ -t 0 ]; then
    sudo "$@"
  elif has sudo; then
    sudo -n "$@"
  else
    fail "needs root for: $*. Run that command as root, then start again."
  fi
}

is_installed() { # Debian package
  [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2> /dev/null)" = installed ]
}

ensure_packages() { # Debian packages
  local missing=() package
  if ! has dpkg-query; then
    say "this system has no apt; Undertow expects what Debian calls: $*"
    return
  fi
  for package in "$@"; do
    is_installed "$package" || missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  say "installing ${missing[*]} (up to 150 MB, one to three minutes) ..."
  as_root apt-get update -qq
  as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends "${missing[@]}" > /dev/null
}

ensure_system() { # Debian packages; macOS needs Apple's command line tools instead
  if is_macos; then
    xcode-select -p > /dev/null 2>&1 ||
      fail "needs Apple's command line tools: run 'xcode-select --install', then start again."
  else
    ensure_packages "$@"
  fi
}

ensure_rust() {
  local env=${CARGO_HOME:-$HOME/.cargo}/env
  # shellcheck source=/dev/null
  if ! has cargo && [ -f "$env" ]; then . "$env"; fi
  has cargo || fail "needs Rust: install it with rustup, then start again."
}

ensure_node() {
  if ! has node || ! has npm; then
    fail "needs Node.js $oldest_node or newer with npm; install it, then start again."
  fi
  node -e '
    const [major, minor] = process.versions.node.split(".").map(Number);
    const [oldMajor, oldMinor] = process.argv[1].split(".").map(Number);
    process.exit(major > oldMajor || (major === oldMajor && minor >= oldMinor) ? 0 : 1);
  ' "$oldest_node" || fail "needs Node.js $oldest_node or newer; this is $(node --version)."
}

# npm ci takes everything away first, so it runs only when the lock file is not the installed one.
ensure_ui_packages() {
  local installed=ui/node_modules/.installed-lock
  cmp -s ui/package-lock.json "$installed" && return 0
  say "installing the screen's packages (about 300 MB, under a minute) ..."
  (cd ui && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error)
  cp ui/package-lock.json "$installed"
}

ensure_postgres() { script/vendor-postgres; }

has_display() { is_macos || [ -n "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ]; }

tauri() { ui/node_modules/.bin/tauri "$@"; }

usage() { # the comment at the head of the script that was started is its help text
  awk 'NR > 1 { if (!/^#/ || /^# shellcheck/) exit; sub(/^# ?/, ""); print }' "$0"
}
