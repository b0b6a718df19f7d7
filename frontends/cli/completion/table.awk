# From `runnel help --all`: name|kinds of arguments|options|summary. An option that takes a value is --name=KIND, where
# words to choose from are a kind as well: --name=one,two.

function argument_kinds(s,    n, words, i, kinds, kind) {
  gsub(/--?[a-z-]+[ =][^ ]+/, " ", s) # options with what follows them
  gsub(/\[-[^\]]*\]/, " ", s)
  n = split(s, words, /[^A-Z]+/)
  for (i = 1; i <= n; i++) {
    kind = words[i]
    if (kind != "" && index(" " kinds " ", " " kind " ") == 0) kinds = kinds (kinds == "" ? "" : " ") kind
  }
  return kinds
}

function flush() {
  if (name != "") print name "|" argument_kinds(usage) "|" options "|" summary
  name = ""
}

/^== / {
  flush()
  at = index($0, ": ")
  name = substr($0, 4, at - 4)
  summary = substr($0, at + 2)
  usage = options = ""
  in_usage = name != "runnel"
  in_options = 0
  next
}
/^$/ { in_usage = 0; next }
in_usage { usage = usage " " $0; next }
/^[A-Z][a-z ]*:$/ { in_options = $0 == "Options:"; next }
in_options && /^  -/ {
  option = $1
  if (match($0, /^  -[^ ]+ [^ ]+/)) option = option "=" $2
  gsub(/\|/, ",", option)
  options = options (options == "" ? "" : " ") option
}
END { flush() }
