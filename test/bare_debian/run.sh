#!/bin/sh
# Runs `./holdfast demo --once` and `./holdfast test`, each in a fresh clone inside a bare Debian 12 root of its
# own, to show that nothing depends on what this machine happens to have. Needs root, debootstrap and git.
#
#   ./holdfast task bare-debian [demo] [test]      both without an argument
#
# HOLDFAST_BARE_CA names a PEM bundle to trust inside, for networks whose proxy inspects TLS (default: the
# bundle in SSL_CERT_FILE, if that is set).
set -eu

repository=$(cd "$(dirname "$0")/../.." && pwd -P)
[ "$(id -u)" = 0 ] || { echo "bare-debian: needs root for debootstrap and chroot" >&2; exit 1; }
command -v debootstrap >/dev/null || apt-get install -y --no-install-recommends debootstrap

work=$(mktemp -d /tmp/holdfast-bare.XXXXXX)
trap 'rm -rf --one-file-system "$work"' EXIT INT TERM

debootstrap --variant=minbase bookworm "$work/base" >"$work/debootstrap.log"
cp /etc/resolv.conf /etc/hosts "$work/base/etc/"
ca=${HOLDFAST_BARE_CA:-${SSL_CERT_FILE:-}}
trust=
if [ -n "$ca" ] && [ -e "$ca" ]; then
  cp "$ca" "$work/base/etc/bare-ca.pem"
  trust='SSL_CERT_FILE=/etc/bare-ca.pem NODE_EXTRA_CA_CERTS=/etc/bare-ca.pem CURL_CA_BUNDLE=/etc/bare-ca.pem'
fi

# in_bare_root ROOT COMMAND: a mount and process namespace of its own, so that nothing stays behind.
in_bare_root() {
  # shellcheck disable=SC2016,SC2086 # expanded by the inner shell; $trust is a list of assignments
  unshare --mount --pid --fork --kill-child sh -c '
    mount -t proc proc "$1/proc"
    mount --rbind /dev "$1/dev" && mount --make-rslave "$1/dev"
    mount -t tmpfs tmpfs "$1/tmp"
    root=$1
    shift
    exec chroot "$root" "$@"
  ' sh "$1" /usr/bin/env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 $trust \
    sh -c "cd /holdfast && $2"
}

[ $# -gt 0 ] || set -- demo test
for part in "$@"; do
  case $part in
    demo) command='./holdfast demo --once' ;;
    test) command='./holdfast test' ;;
    *) echo "bare-debian: demo or test, not $part" >&2; exit 2 ;;
  esac
  root=$work/$part
  cp -a "$work/base" "$root"
  git clone --quiet --no-hardlinks "$repository" "$root/holdfast"
  echo "bare-debian: $command"
  in_bare_root "$root" "$command"
  rm -rf --one-file-system "$root"
done
