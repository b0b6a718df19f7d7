# describe.awk - reads public headers and writes a C program that prints their layout (tests/abi).
#
# Output of that program: "struct NAME frozen|grows SIZE", then a line "  OFFSET SIZE NAME TYPE" per member;
# "value NAME NUMBER" per enumerator and numeric macro, "type NAME TYPE" per typedef of no struct. A struct grows when its first member is
# struct_size and its file is not types.h. Nothing can be forgotten: the program fails when a struct has a
# gap that padding does not explain, and this script when a "struct {" was not understood.

function trim(s) { gsub(/[ \t\n]+/, " ", s); sub(/^ /, "", s); sub(/ $/, "", s); return s }

# Splits s at separators outside of brackets into part[1..n].
function split_flat(s, separator, part,    i, c, depth, n) {
  n = 1; part[1] = ""; depth = 0
  for (i = 1; i <= length(s); i++) {
    c = substr(s, i, 1)
    if (c == "(" || c == "{" || c == "[") depth++
    if (c == ")" || c == "}" || c == "]") depth--
    if (c == separator && depth == 0) part[++n] = ""
    else part[n] = part[n] c
  }
  return n
}

# One declaration "type name" (name optional in a parameter): sets NAME, returns the type without names.
function type_of(s,    at, head, rest, args, n, i, part, inner) {
  s = trim(s)
  at = index(s, "(*")
  if (at > 0) {
    head = trim(substr(s, 1, at - 1)); rest = substr(s, at + 2)
    inner = substr(rest, 1, index(rest, ")") - 1)
    args = substr(rest, index(rest, ")") + 1)
    sub(/^[ ]*\(/, "", args); sub(/\)[ ]*$/, "", args)
    n = split_flat(args, ",", part); args = ""
    for (i = 1; i <= n; i++) args = args (i > 1 ? "," : "") type_of(part[i])
    NAME = trim(inner)
    return squeeze(head) "(*)(" args ")"
  }
  rest = ""
  if (match(s, /\[[^]]*\]$/)) { rest = substr(s, RSTART); s = trim(substr(s, 1, RSTART - 1)) }
  NAME = ""
  if (match(s, /[A-Za-z_][A-Za-z_0-9]*$/)) {
    head = trim(substr(s, 1, RSTART - 1))
    if (head != "" && head !~ /^(const|struct|volatile|unsigned|const struct)$/) { NAME = substr(s, RSTART); s = head }
  }
  return squeeze(s) rest
}
function squeeze(s) { s = trim(s); gsub(/ ?\* ?/, "*", s); return s }

function member(type, name) {
  printf "  MEMBER(%s, %s, \"%s\");\n", current, name, type
}
function members(body,    n, i, k, m, part, item, type, base, tail) {
  n = split_flat(body, ";", part)
  for (i = 1; i <= n; i++) {
    part[i] = trim(part[i])
    if (part[i] == "") continue
    if (part[i] ~ /^union \{/) {
      tail = part[i]; sub(/.*\}/, "", tail)
      type = part[i]; sub(/\}[^}]*$/, "}", type)
      member(squeeze(type), trim(tail))
      continue
    }
    m = split_flat(part[i], ",", item)
    type = type_of(item[1])
    member(type, NAME)
    base = type; sub(/\[[^]]*\]$/, "", base); if (base !~ /\(/) gsub(/\*+$/, "", base)
    for (k = 2; k <= m; k++) { # "uint32_t a, b" and "T *a, *b"
      item[k] = trim(item[k]); tail = ""
      while (item[k] ~ /^\*/) { tail = tail "*"; item[k] = trim(substr(item[k], 2)) }
      rest = ""
      if (match(item[k], /\[[^]]*\]$/)) { rest = substr(item[k], RSTART); item[k] = substr(item[k], 1, RSTART - 1) }
      member(base tail rest, trim(item[k]))
    }
  }
}

function file_done(    at, open, i, c, depth, body, head, name, n, part, list, rule) {
  gsub(/\/\*([^*]|\*+[^*\/])*\*+\//, " ", text)
  n = split(text, list, "\n"); text = ""
  for (i = 1; i <= n; i++) {
    if (list[i] ~ /^#define RN_[A-Z0-9_]+ +[(0-9U]/) {
      split(list[i], part, " ")
      if (part[2] !~ /^RN_(ABI_MINOR|NO_VALUE|BUILD_FLAGS|SIZE_TO)/ && part[2] !~ /\(/) macros[part[2]] = 1
    }
    if (list[i] ~ /^typedef [^{]*;$/ && list[i] !~ /^typedef struct/) {
      body = list[i]; sub(/^typedef /, "", body); sub(/;$/, "", body)
      body = type_of(body)
      printf "  printf(\"type %s %s\\n\");\n", NAME, body
    }
    if (continued || list[i] ~ /^[ \t]*#/) { continued = list[i] ~ /\\$/; continue }
    text = text list[i] "\n"
  }
  while (match(text, /(struct|enum)( [a-z_0-9]+)? \{/)) {
    head = substr(text, RSTART, RLENGTH); at = RSTART + RLENGTH; depth = 1
    for (open = at; depth > 0 && open <= length(text); open++) {
      c = substr(text, open, 1)
      if (c == "{") depth++
      if (c == "}") depth--
    }
    body = substr(text, at, open - at - 1)
    if (head ~ /^enum/) {
      n = split_flat(body, ",", list)
      for (i = 1; i <= n; i++) { name = trim(list[i]); sub(/ ?=.*/, "", name); if (name != "") printf "  VALUE(%s);\n", name }
    } else {
      split(head, part, " "); current = part[2]
      if (current == "{" || current == "") { print "describe.awk: a struct without a name in " file > "/dev/stderr"; failed = 1; exit 1 }
      rule = (trim(body) ~ /^uint32_t struct_size/ && file !~ /types\.h$/) ? "grows" : "frozen"
      printf "  STRUCT(%s, \"%s\");\n", current, rule
      members(body)
      printf "  END(%s);\n", current
    }
    text = substr(text, open)
  }
  if (text ~ /struct[^;{]*\{/) { print "describe.awk: a struct in " file " was not understood" > "/dev/stderr"; failed = 1; exit 1 }
  for (name in macros) list_of_macros[++n_macros] = name
}

BEGIN {
  print "#include <runnel/plugin.h>"
  print "#include <stdio.h>"
  print "static size_t end, align, bad;"
  print "static void member(const char *s, const char *m, size_t at, size_t size, size_t own, const char *type) {"
  print "  size_t expected = (end + own - 1) / own * own;"
  print "  if (at != expected) { fprintf(stderr, \"%s: a member before %s was not seen\\n\", s, m); bad = 1; }"
  print "  end = at + size; if (own > align) align = own;"
  print "  printf(\"  %zu %zu %s %s\\n\", at, size, m, type);"
  print "}"
  print "static void finish(const char *s, size_t size) {"
  print "  if (size != (end + align - 1) / align * align) { fprintf(stderr, \"%s: its last members were not seen\\n\", s); bad = 1; }"
  print "}"
  print "#define STRUCT(T, rule) end = 0, align = 1, printf(\"struct %s %s %zu\\n\", #T, rule, sizeof(struct T))"
  print "#define MEMBER(T, m, type) member(#T, #m, offsetof(struct T, m), sizeof(((struct T *)0)->m), _Alignof(__typeof__(((struct T *)0)->m)), type)"
  print "#define END(T) finish(#T, sizeof(struct T))"
  print "#define VALUE(x) printf(\"value %s %lld\\n\", #x, (long long)(x))"
  print "int main(void) {"
}
FNR == 1 && NR > 1 { file_done() }
{ if (FNR == 1) { file = FILENAME; text = "" } text = text $0 "\n" }
END {
  if (failed) exit 1
  file_done()
  if (failed) exit 1
  for (i = 1; i <= n_macros; i++) { # sorted, for a stable file
    for (k = i + 1; k <= n_macros; k++)
      if (list_of_macros[k] < list_of_macros[i]) { swap = list_of_macros[i]; list_of_macros[i] = list_of_macros[k]; list_of_macros[k] = swap }
    if (!(list_of_macros[i] in seen)) printf "  VALUE(%s);\n", list_of_macros[i]
    seen[list_of_macros[i]] = 1
  }
  print "  return bad != 0;"
  print "}"
}
