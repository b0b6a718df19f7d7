# compare.awk STORED TODAY - may plugins built against STORED live with TODAY? (tests/abi)
#
# Exit 0: yes; what was added at an end is printed as a note. Exit 1: no, and which member breaks it.
function fail(s) { print "BREAK: " s; broken = 1 }
FNR == 1 { side++ }
/^struct/ { current = $2; rule[side, current] = $3; size[side, current] = $4; count[side, current] = 0; if (side == 1) structs[++n_structs] = current; else today[current] = 1; next }
/^type/ { $1 = ""; t = $2; $2 = ""; value[side, "type " t] = $0; if (side == 1) values[++n_values] = "type " t; else values2[++n_values2] = "type " t; next }
/^value/ { value[side, $2] = $3; if (side == 1) values[++n_values] = $2; else values2[++n_values2] = $2; next }
/^  / { i = ++count[side, current]; line = $0; sub(/^ +/, "", line); row[side, current, i] = line; name[side, current, i] = $3 }
END {
  for (s = 1; s <= n_structs; s++) {
    t = structs[s]
    if (!(t in today)) { fail("struct " t " is gone"); continue }
    if (rule[1, t] != rule[2, t]) fail("struct " t " was " rule[1, t] " and is now " rule[2, t])
    for (i = 1; i <= count[1, t]; i++)
      if (row[1, t, i] != row[2, t, i]) {
        fail("struct " t ", member " name[1, t, i] ": stored \"" row[1, t, i] "\", today \"" row[2, t, i] "\" (offset size name type)")
        break
      }
    if (i <= count[1, t]) continue
    for (; i <= count[2, t]; i++) {
      if (rule[1, t] == "grows") note("struct " t " has grown by " name[2, t, i])
      else fail("struct " t " is frozen, but has got the member " name[2, t, i])
    }
    if (rule[1, t] == "frozen" && size[1, t] != size[2, t]) fail("struct " t " is frozen and was " size[1, t] " bytes, today " size[2, t])
    delete today[t]
  }
  for (t in today) note("struct " t " is new")
  for (i = 1; i <= n_values; i++) {
    v = values[i]
    if (!((2, v) in value)) fail(v " is gone")
    else if (value[1, v] != value[2, v]) fail(v " was " value[1, v] " and is " value[2, v])
  }
  for (i = 1; i <= n_values2; i++) if (!((1, values2[i]) in value)) note(values2[i] " is new")
  if (notes && !broken) print "The ABI has grown: write it down with tests/abi/layout.sh --update, and in CHANGELOG.md."
  exit broken
}
function note(s) { print "note: " s; notes = 1 }
