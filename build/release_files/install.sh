#!/bin/sh
# Installs @BINARY@ @VERSION@ (@ARCH@). Nothing is downloaded and nothing runs but the commands you see here.
#
#   ./install.sh                      to /usr/local/lib/kuma-node, with a link in @LINKS@
#   ./install.sh --to DIR --links DIR somewhere else
#   ./install.sh --man DIR            manual pages there; /usr/local/share/man where that is a folder
#   ./install.sh --remove             takes all away again (with the same --to, --links and --man)
#
# The program brings its own C library, in a folder beside it, so that it starts on every Linux (Alpine, RHEL 7,
# Talos, ...). The kernel wants the absolute path of the loader inside the program itself: that path, and no other
# byte of the program, is rewritten here for the folder that the program is put into.
set -eu
umask 022

to=/usr/local/lib/kuma-node
links=@LINKS@
man=/usr/local/share/man
own_man=no
remove=no

fail() {
  echo "install.sh: $1" >&2
  exit 1
}

while [ $# -gt 0 ]; do
  case "$1" in
    --to) [ $# -gt 1 ] || fail "--to takes a folder"; to=$2; shift ;;
    --links) [ $# -gt 1 ] || fail "--links takes a folder"; links=$2; shift ;;
    --man) [ $# -gt 1 ] || fail "--man takes a folder"; man=$2; own_man=yes; shift ;;
    --remove) remove=yes ;;
    *) fail "unknown argument $1: the first lines of this file say what there is" ;;
  esac
  shift
done
case "$to" in /*) ;; *) fail "--to $to: give an absolute path" ;; esac
case "$links" in /*) ;; *) fail "--links $links: give an absolute path" ;; esac
case "$man" in /*) ;; *) fail "--man $man: give an absolute path" ;; esac

# Links are known by what they lead to, so one folder has one name.
while [ "$to" != "${to%/}" ]; do to=${to%/}; done
while [ "$links" != "${links%/}" ]; do links=${links%/}; done
home="$to/@BINARY@-@VERSION@"
link="$links/@BINARY@"

# Takes away the links to manual pages whose targets are in the folders of this pattern.
unlink_pages() {
  for page in "$man"/man8/@BINARY@*; do
    # shellcheck disable=SC2254 # a pattern
    case "$(readlink "$page" 2>/dev/null)" in $1/man/*) rm -f "$page" ;; esac
  done
}

if [ "$remove" = yes ]; then
  if ! [ -e "$home" ] && ! [ -L "$home" ]; then
    fail "there is no $home: give --to and --links as they were given to install it"
  fi
  unlink_pages "$home"
  # Only a link of ours: whatever else has that name stays.
  if [ "$(readlink "$link" 2>/dev/null)" = "$home/@BINARY@" ]; then rm -f "$link"; fi
  rm -rf "$home"
  echo "removed $home"
  exit 0
fi

# A shell that has CDPATH would look there first.
unset CDPATH
cd "$(dirname "$0")"
sha256sum -c SHA256SUMS >/dev/null || fail "the files are not those that were released (SHA256SUMS)"

# The path has a fixed length in the program, so it is filled up with slashes, which the kernel reads as one.
before="$home/@RUNTIME@/"
path_length=$(printf %s "${before}@LOADER@" | wc -c)
slashes=$((@LENGTH@ - path_length))
[ "$slashes" -ge 0 ] || fail "$home is $((0 - slashes)) bytes too long: choose a shorter folder"
interpreter="${before}$(printf "%${slashes}s" "" | tr ' ' /)@LOADER@"

if [ -e "$link" ] || [ -L "$link" ]; then
  case "$(readlink "$link" 2>/dev/null)" in
    "$to"/@BINARY@-*) ;;
    *) fail "$link is there and not ours: move it away, or choose another folder with --links" ;;
  esac
fi

# Beside its place first: a program that is already there stays whole until the new one has started once.
rm -rf "$home.new"
mkdir -p "$home.new/@RUNTIME@" "$links"
trap 'rm -rf "$home.new"' EXIT
cp @RUNTIME@/* "$home.new/@RUNTIME@/"
cp @BINARY@ "$home.new/@BINARY@"
if [ -d man ]; then cp -r man "$home.new/man"; fi
# Whatever umask the archive was unpacked with: other users may start it, and nobody else may change it.
chmod -R u+rwX,go+rX,go-w "$home.new"
chmod 755 "$home.new/@BINARY@" "$home.new/@PROGRAM@" "$home.new/@RUNTIME@/@LOADER@"
printf %s "$interpreter" | dd of="$home.new/@PROGRAM@" bs=1 seek=@OFFSET@ conv=notrunc 2>/dev/null ||
  fail "cannot write into $home.new/@PROGRAM@"

rm -rf "$home.old"
if [ -e "$home" ]; then mv "$home" "$home.old"; fi
mv "$home.new" "$home"
if ! "$home/@BINARY@" @TRY@ >/dev/null 2>"$home/first-start"; then
  cat "$home/first-start" >&2
  rm -rf "$home"
  if [ -e "$home.old" ]; then mv "$home.old" "$home"; fi
  fail "@BINARY@ does not start on this machine: nothing was changed"
fi
rm -rf "$home.old" "$home/first-start"

# A new link is renamed over an old one, so that at each moment there is one. A run that was killed may have left one.
rm -f "$link.new"
ln -s "$home/@BINARY@" "$link.new"
mv -f "$link.new" "$link"
# Pages of an older release may have other names. What is there and not ours stays.
unlink_pages "$to/@BINARY@-*"
if [ "$own_man" = yes ]; then mkdir -p "$man"; fi
if [ -d "$man" ] && [ -d "$home/man" ]; then
  mkdir -p "$man/man8"
  for page in "$home"/man/*; do
    place="$man/man8/${page##*/}"
    if [ -e "$place" ] || [ -L "$place" ]; then echo "install.sh: $place is not ours and stays" >&2
    else ln -s "$page" "$place"; fi
  done
fi
echo "installed $link -> $home/@BINARY@"
