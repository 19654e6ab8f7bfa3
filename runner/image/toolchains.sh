# A step of the image's build: what the builders of compiled languages (builders/) take from here. Go's
# standard library and C++'s dearest headers are compiled once, the tools are asked for the commands
# that they would run, and what no program can need of them goes.
set -eu
RECIPES=/opt/coderunner/recipes
HEADERS=/opt/coderunner/headers
mkdir -p "$RECIPES" "$HEADERS"

# ---- C and C++ ----

# The commands a driver would run for source $2, a line each, with words as a shell reads them.
commands_of() {
  LC_ALL=C "$1" '-###' -pipe -iquote . -o PROGRAM "$2" -lm 2>&1 | sed -n 's/^ \(.*[^|]\) *|*$/\1/p'
}

# The words of a command, one a line: without names of files, and paths without detours.
words_of() {
  eval "set -- $1"
  while [ $# -gt 0 ]; do
    case "$1" in
      -dumpdir | -dumpbase | -dumpbase-ext | -plugin) shift ;;
      -o) [ "$2" = - ] && printf '%s\n' -o -; shift ;;
      -plugin-opt=* | -foffload-options=* | source.*) ;;
      */collect2) echo /usr/bin/ld.gold ;;
      as) echo /usr/bin/as ;;
      /tmp/*.o) echo '{objects}' ;;
      -L*) echo "-L$(readlink -f "${1#-L}")" ;;
      *.o) readlink -f "$1" ;;
      *) printf '%s\n' "$1" ;;
    esac
    shift
  done | awk '!/^-L/ || !seen[$0]++'
  echo
}

for driver in gcc g++; do
  source=source.c
  [ $driver = g++ ] && source=source.cpp
  : > $source
  commands_of $driver $source | while IFS= read -r command; do words_of "$command"; done > "$RECIPES/$driver"
  rm $source
done

# What each header of ours includes; builders/headers.c knows when one may be used.
precompile() {
  name=$1
  shift
  for header in "$@"; do echo "#include <$header>"; done > "$HEADERS/$name.h"
  g++ -iquote . -x c++-header -o "$HEADERS/$name.h.gch" "$HEADERS/$name.h"
}
precompile iostream iostream
precompile vector iostream vector
precompile algorithm iostream vector algorithm
precompile everything bits/stdc++.h

# ---- Rust: links as C does, with the linker started by the compiler itself ----

{
  readlink -f /usr/bin/rustc
  for option in linker=/usr/bin/ld.gold linker-flavor=ld strip=debuginfo; do printf '%s\n' -C $option; done
  awk '/^$/ { section++ } section == 2 && /^(-L|-dynamic-linker|\/lib.*ld-|.*\.o$)/' "$RECIPES/gcc" |
    while IFS= read -r word; do printf '%s\n' -C "link-arg=$word"; done
  echo
} > "$RECIPES/rustc"

# ---- Go ----

GO=$(dirname "$(dirname "$(readlink -f /usr/bin/go)")")
export CGO_ENABLED=0 GOCACHE=/tmp/go-build GOPATH=/tmp/go GODEBUG=installgoroot=all
"$GO/bin/go" install -gcflags=all=-dwarf=false std
"$GO/bin/go" list -f '{{if .Target}}packagefile {{.ImportPath}}={{.Target}}{{end}}' std |
  grep . > "$RECIPES/go-packages"
grep -v -e 'internal/' -e ' vendor/' -e '/internal=' "$RECIPES/go-packages" > "$RECIPES/go-importable"
mkdir -p /opt/coderunner/go-config/go/telemetry
echo off > /opt/coderunner/go-config/go/telemetry/mode
TOOLS=$("$GO/bin/go" env GOTOOLDIR)
printf '%s\n' "$GO/bin/go" build -gcflags=all=-dwarf=false '-ldflags=-s -w' '' > "$RECIPES/go"
{
  printf '%s\n' "$TOOLS/compile" -p main -complete -dwarf=false -pack -importcfg "$RECIPES/go-importable" ''
  printf '%s\n' "$TOOLS/link" -s -w -buildmode=exe -importcfg "$RECIPES/go-packages" ''
} > "$RECIPES/go-tools"
rm -rf /tmp/go-build /tmp/go

# ---- PHP: loads each of its modules anew for every program ----

phpdismod -s cli opcache exif ffi ftp gettext shmop sockets sysvmsg sysvsem sysvshm

# ---- what no program can need ----

SOURCES=$(readlink -f "$GO/src")
rm -rf "$SOURCES/cmd" "$SOURCES/../test" "$SOURCES/../api"
find "$SOURCES" -name testdata -prune -exec rm -rf {} +
find "$SOURCES" -name '*_test.go' -delete
for tool in addr2line covdata cover dist distpack doc fix nm objdump pprof preprofile test2json trace vet; do
  rm -f "$TOOLS/$tool"
done
rm -f /usr/libexec/gcc/*/*/lto1 /usr/libexec/gcc/*/*/g++-mapper-server
rm -f /usr/lib/gcc/*/*/lib*san.a
strip --strip-debug /usr/lib/rustlib/*/lib/*.rlib # the linker leaves it out of programs anyway
