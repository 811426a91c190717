# packages.sh: sourced by quickstart and test. Installs Debian packages that are missing, and names
# what is missing on systems without apt.

packages_build=(gcc libc6-dev make cmake pkg-config libhwloc-dev libhdf5-dev libjansson-dev
    libxxhash-dev libdeflate-dev zlib1g-dev)

packages_say() {
    printf '%s\n' "$*" >&2
}

# Prints those of its arguments that are not installed.
packages_missing() {
    local name
    for name in "$@"; do
        if [ "$(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null)" != installed ]; then
            printf '%s\n' "$name"
        fi
    done
}

# Runs apt-get as root; only its errors are shown.
packages_apt() {
    local apt=(env DEBIAN_FRONTEND=noninteractive apt-get -qq -y -o Dpkg::Use-Pty=0)
    if [ "$(id -u)" -ne 0 ]; then
        if ! command -v sudo >/dev/null; then
            packages_say "This needs root and there is no sudo. As root: apt-get $*"
            return 1
        fi
        apt=(sudo "${apt[@]}")
    fi
    "${apt[@]}" "$@" >/dev/null
}

# packages_elsewhere NAME...: says what to do about these, which are missing.
packages_elsewhere() {
    packages_say "This system has no apt. Missing are: $*
Needed are a C17 compiler with OpenMP, CMake 3.25 or newer,
pkg-config, and the development files of hwloc, HDF5, jansson, xxHash, libdeflate and zlib:
  Fedora    gcc cmake make pkgconf hwloc-devel hdf5-devel jansson-devel xxhash-devel libdeflate-devel zlib-devel
  Arch      gcc cmake make pkgconf hwloc hdf5 jansson xxhash libdeflate zlib
  openSUSE  gcc cmake make pkg-config hwloc-devel hdf5-devel libjansson-devel xxhash-devel libdeflate-devel zlib-devel"
}

# Prints what a build needs and does not find, however that would come.
packages_absent() {
    local name
    for name in cc cmake pkg-config; do
        command -v "$name" >/dev/null || printf '%s\n' "$name"
    done
    command -v pkg-config >/dev/null || return 0
    pkg-config --exists hdf5-serial || pkg-config --exists hdf5 || printf 'HDF5\n'
    for name in hwloc jansson libxxhash libdeflate zlib; do
        pkg-config --exists "$name" || printf '%s\n' "$name"
    done
}

# packages_need NAME...: installs the missing ones; fails if it cannot.
packages_need() {
    local missing
    if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
        mapfile -t missing < <(packages_absent)
        [ "${#missing[@]}" -gt 0 ] || return 0
        packages_elsewhere "${missing[@]}"
        return 1
    fi
    mapfile -t missing < <(packages_missing "$@")
    if [ "${#missing[@]}" -eq 0 ]; then
        return 0
    fi
    packages_say "Installing with apt: ${missing[*]}"
    packages_apt update || return 1
    packages_apt install --no-install-recommends "${missing[@]}"
}
