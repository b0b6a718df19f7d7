# page.awk -v name=N -v number=5 -v summary=S -v version=V -v date=D: a guide in Markdown as a man page. Knows what the
# guides use: headings, paragraphs, lists, tables, blocks of code, links, bold and code in a line.

function escape(s) {
  gsub(/\\/, "\\e", s)
  gsub(/-/, "\\-", s)
  return s
}

function inline(s,    text, at, tick) {
  while (match(s, /\[[^]]*\]\([^)]*\)/)) { # a link is its text
    text = substr(s, RSTART + 1, index(substr(s, RSTART), "](") - 2)
    s = substr(s, 1, RSTART - 1) text substr(s, RSTART + RLENGTH)
  }
  s = escape(s)
  text = ""
  while ((at = index(s, "`")) > 0) {
    text = text substr(s, 1, at - 1) (tick ? "\\fR" : "\\fB")
    tick = !tick
    s = substr(s, at + 1)
  }
  s = text s
  while (match(s, /\*\*[^*]+\*\*/)) s = substr(s, 1, RSTART - 1) "\\fB" substr(s, RSTART + 2, RLENGTH - 4) "\\fR" substr(s, RSTART + RLENGTH)
  while (match(s, /\*[a-z]+\*/)) s = substr(s, 1, RSTART - 1) "\\fI" substr(s, RSTART + 1, RLENGTH - 2) "\\fR" substr(s, RSTART + RLENGTH)
  return s
}

function line(s) { print (s ~ /^[.']/ ? "\\&" : "") s }

# A sentence that goes on in the next line may hold half a link, so a paragraph is gathered first.
function flush() {
  if (text != "") line(inline(text))
  text = ""
}

function cells(row, out,    n, i) {
  gsub(/\\\|/, "\001", row)
  sub(/^\| */, "", row)
  sub(/ *\|[ \t]*$/, "", row)
  n = split(row, out, / *\| */)
  for (i = 1; i <= n; i++) gsub(/\001/, "|", out[i])
  return n
}

BEGIN {
  printf ".\\\" Made from a guide by docs/man/make.sh.\n.TH %s %s \"%s\" \"Runnel %s\"\n", toupper(escape(name)), number, date, version
  printf ".SH NAME\n%s \\- %s\n", escape(name), escape(summary)
}

{ gsub(/build\/bin\//, "") } # the guides speak from the project's root

/^```/ {
  flush()
  if (code) print ".fi\n.RE"
  else print (fresh ? "" : ".PP\n") ".RS 4\n.nf"
  code = !code
  fresh = 0
  gap = 1
  next
}
code { line(escape($0)); next }
/^# / { print ".SH DESCRIPTION"; fresh = 1; next }
/^##/ {
  flush()
  head = $0
  sub(/^#+ */, "", head)
  gsub(/["`]/, "", head)
  print ($0 ~ /^###/ ? ".SS " : ".SH ") escape(head)
  fresh = 1
  next
}
/^\|[- |:]*$/ { next }
/^\|/ {
  flush()
  fresh = 0
  n = cells($0, cell)
  if (!table) { # the first row names the columns
    n_heads = n
    for (i = 1; i <= n; i++) head_of[i] = cell[i]
    table = 1
    next
  }
  print ".TP\n" inline(cell[1])
  line(inline(cell[n]))
  for (i = 2; i < n; i++) if (cell[i] != "") line(inline("(" head_of[i] ": " cell[i] ")"))
  next
}
{ table = 0 }
/^$/ { flush(); gap = 1; next }
/^(- |\* |[0-9]+\. )/ {
  flush()
  if ($0 ~ /^[0-9]/) print ".IP " $1 " 4"
  else print ".IP \\(bu 2"
  sub(/^[^ ]+ +/, "")
  text = $0
  gap = fresh = 0
  next
}
{
  if (gap && text == "" && !fresh) print ".PP"
  gap = 0
  fresh = 0
  sub(/^ +/, "")
  text = text (text == "" ? "" : " ") $0
}
END {
  flush()
  print ".SH SEE ALSO\n.BR runnel (1)"
}
