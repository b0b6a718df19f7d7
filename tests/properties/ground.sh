# ground.sh BUILD - what each property_*.sh stands on: an empty folder, an empty home, and a few words. Sourced.
set -uo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source=$(cd "$here/../.." && pwd)
build=$(cd "$1" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
base=$build/lib/runnel/plugins
installed=${RUNNEL_INSTALLED:-$build/installed}
unset RUNNEL_PLUGIN_PATH LD_LIBRARY_PATH
export HOME=$work/home XDG_DATA_HOME=$work/home/data XDG_CONFIG_HOME=$work/home/config RUNNEL_CONFIG=/dev/null OPENBLAS_NUM_THREADS=1
mine=$XDG_DATA_HOME/runnel/plugins
mkdir -p "$mine" "$XDG_CONFIG_HOME"
failed=0
checks=0

# runnel ARGUMENTS: the built command on the built plugins; what it says in $said, how it ends in $code.
runnel() {
  said=$(RUNNEL_PLUGIN_PATH=${path:-$base} timeout -k 1 100 "$build/bin/runnel" "$@" 2>&1 < /dev/null)
  code=$?
}
wrong() {
  echo "WRONG: $1"
  [ $# -lt 2 ] || sed 's/^/    /' <<< "$2" | head -n 25
  failed=1
}
check() { # WHAT COMMAND...: the command holds
  local what=$1
  shift
  checks=$((checks + 1))
  "$@" || wrong "$what" "${said:-}"
}
ends() { [ "$code" = "$1" ]; }
says() { grep -qF -- "$1" <<< "$said"; }
says_not() { ! grep -qF -- "$1" <<< "$said"; }
is() { [ "$1" = "$2" ]; }

# plugin OUTPUT FLAGS...: the template of tests/bad_plugins, with an id after the file's name.
plugin() {
  local output=$1
  shift
  cc -O0 -w -shared -fPIC -fvisibility=hidden -Wl,-z,now,--build-id -I"$source/core/include" \
    -DID="\"$(basename "$output" .so)\"" -o "$output" "$source/tests/bad_plugins/template.c" "$@"
}
manifest() { "$build/bin/runnel-manifest" "$1" > "${1%.so}.manifest"; }
end() {
  [ $checks -gt 0 ] || wrong "nothing was checked"
  echo "$(basename "$0" .sh): $checks checks"
  exit $failed
}
# graph FILE: y = x / 2 + 2
graph() {
  cat > "$1" <<'GRAPH'
node { name: "x" op: "Placeholder" attr { key: "dtype" value { type: DT_FLOAT } } attr { key: "shape" value { shape { dim { size: -1 } } } } }
node { name: "a" op: "Const" attr { key: "dtype" value { type: DT_FLOAT } }
  attr { key: "value" value { tensor { dtype: DT_FLOAT tensor_shape { } float_val: 0.5 } } } }
node { name: "b" op: "Const" attr { key: "dtype" value { type: DT_FLOAT } }
  attr { key: "value" value { tensor { dtype: DT_FLOAT tensor_shape { } float_val: 2 } } } }
node { name: "ax" op: "Mul" input: "a" input: "x" attr { key: "T" value { type: DT_FLOAT } } }
node { name: "y" op: "Add" input: "ax" input: "b" attr { key: "T" value { type: DT_FLOAT } } }
GRAPH
}
# graph_of FILE OP: y = OP(x)
graph_of() {
  cat > "$1" <<GRAPH
node { name: "x" op: "Placeholder" attr { key: "dtype" value { type: DT_FLOAT } } attr { key: "shape" value { shape { dim { size: -1 } } } } }
node { name: "y" op: "$2" input: "x" attr { key: "T" value { type: DT_FLOAT } } }
GRAPH
}
