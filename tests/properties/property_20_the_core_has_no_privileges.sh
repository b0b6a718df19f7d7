#!/usr/bin/env bash
# property_20: our own ops, CPU device and optimizers use nothing that the header does not offer to everyone.
# Breaks when: a plugin of ours includes or imports something of the core, or the core knows one of them by its name.
set -uo pipefail
source "$(dirname "$0")/ground.sh"

# They compile where nothing is but the two headers of the ABI.
mkdir -p "$work/include/runnel"
cp "$source"/core/include/runnel/{plugin,types}.h "$work/include/runnel/"
cat > "$work/one.sh" <<'ONE'
gcc -std=gnu17 -O0 -w -DRN_VERSION='"1"' -fsyntax-only -mavx2 -mfma -mf16c -I"$1" -I"$(dirname "$2")" "$2" 2> /dev/null ||
  gcc -std=gnu17 -O0 -w -DRN_VERSION='"1"' -fsyntax-only -I"$1" -I"$(dirname "$2")" "$2" || echo "$2"
ONE
said=$(ls "$source"/plugins/{ops,cpu,optimizers,io,skeleton}/*.c | xargs -P 2 -n 1 bash "$work/one.sh" "$work/include" 2>&1)
check "each file of our plugins compiles with the public header alone" is "$said" ""
check "there were files" test "$(ls "$source"/plugins/{ops,cpu,optimizers}/*.c | wc -l)" -gt 50
said=$(grep -hoE '#include [<"][^>"]+[>"]' "$source"/plugins/{ops,cpu,optimizers,io,skeleton}/*.[ch] | grep -E 'runnel/|\.\./' | sort -u)
check "they include no other header of Runnel's" is "$said" "#include <runnel/plugin.h>"
said=$(bash "$source/tests/abi/exports.sh" "$base" 2>&1)
check "they import nothing from the host" is $? 0

# Copied into a user's folder, as anybody's plugins, they work as well; without them there is no op at all.
cp "$base"/{ops,cpu}.{so,manifest} "$mine/"
graph "$work/half.pbtxt"
mkdir "$work/host"
cp -L "$build/lib/librunnel.so.0" "$build/bin/runnel" "$work/host/"
here_alone() { said=$(LD_LIBRARY_PATH=$work/host RUNNEL_PLUGIN_PATH=/nowhere "$work/host/runnel" run "$work/half.pbtxt" --feed x=4,6 --fetch y 2>&1) && code=0 || code=$?; }
here_alone
check "as anybody's plugins they do the same" says "[4, 5]"
rm -f "$mine"/ops.*
here_alone
check "without them the core has no op" ends 1
check "and says which one is missing" grep -qE "no op '(Mul|Add|Const|Placeholder)'" <<< "$said"

# The core has none of their names in it.
said=$(strings "$work/host/librunnel.so.0" | grep -xE 'MatMul|Conv2D|Relu|ApplyAdam|VariableV2|GradientDescent|openblas|skeleton' || true)
check "no op, kernel or optimizer stands in the library" is "$said" ""
end
