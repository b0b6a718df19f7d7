# help.awk -v out=DIR -v version=V -v tails=DIR: from `runnel help --all` a man page for each command and group.
# The verbs of a group share its page. README.md of frontends/cli says which form the help has.

function escape(s) {
  gsub(/\\/, "\\e", s)
  gsub(/-/, "\\-", s)
  if (s ~ /^[.']/) s = "\\&" s
  return s
}

function sentence(s) { return escape(toupper(substr(s, 1, 1)) substr(s, 2)) (s ~ /[.?!]$/ ? "" : ".") }

# Options bold, what stands for something else in italics; the words of the command itself bold.
function usage(s,    n, words, i, text, w) {
  n = split(escape(s), words, " ")
  for (i = 1; i <= n; i++) {
    w = words[i]
    gsub(/[A-Z][A-Z_.]+|^[A-Z]$/, "\\fI&\\fR", w)
    gsub(/(\\-)+[a-z][a-z\\-]*/, "\\fB&\\fR", w)
    if (i == 1 && w == "runnel") bold = 1
    if (bold && w !~ /^[a-z]+$/) bold = 0
    if (bold) w = "\\fB" w "\\fR"
    text = text (i > 1 ? " " : "") w
  }
  return text
}

function put(section, text) { part[page, section] = part[page, section] text "\n" }

function start(name, summary,    words) {
  split(name, words, " ")
  page = name == "runnel" ? "runnel" : "runnel-" words[1]
  if (!(page in known)) {
    known[page] = 1
    order[++n_pages] = page
    title[page] = summary
  }
  group = index(name, " ") > 0
  if (group) {
    verbs[page] = verbs[page] (verbs[page] == "" ? "" : ", ") words[2]
    put("text", ".SS \"" escape("runnel " name) "\"\n" sentence(summary))
  } else if (name != "runnel") {
    entry[page] = 1
  }
  list[++n_list] = name
  about[name] = summary
  state = name == "runnel" ? "text" : "usage"
  gap = 0
}

/^== / {
  at = index($0, ": ")
  start(substr($0, 4, at - 4), substr($0, at + 2))
  next
}
/^[A-Z][a-z ]*:$/ && state != "usage" {
  state = tolower(substr($0, 1, length($0) - 1))
  if (state == "example") state = "examples"
  gap = 0
  next
}
state == "usage" && /^$/ { state = "text"; gap = 0; next }
state == "usage" { bold = 0; put("synopsis", ($0 ~ /^runnel/ ? ".HP 2\n" : "") usage($0)); next }
/^$/ { gap = 1; next }
state == "text" {
  if (gap) put("text", ".PP")
  gap = 0
  put("text", escape($0))
  next
}
state == "examples" { sub(/^ +/, ""); put("examples", escape($0)); next }
# A labelled line, or the rest of one.
{
  target = group ? "text" : state
  if ($0 ~ /^  [^ ]/) {
    line = substr($0, 3)
    at = match(line, /   */)
    label = at ? substr(line, 1, at - 1) : line
    rest = at ? substr(line, at + RLENGTH) : ""
    gsub(/^ +/, "", rest)
    put(target, ".TP\n" usage_label(label) "\n" escape(rest))
  } else {
    sub(/^ +/, "")
    put(target, escape($0))
  }
}

function usage_label(s) {
  s = escape(s)
  gsub(/[A-Z][A-Z_.]+/, "\\fI&\\fR", s)
  if (match(s, /^\\-[\\a-z-]*/)) s = "\\fB" substr(s, 1, RLENGTH) "\\fR" substr(s, RLENGTH + 1)
  return s
}

function section(file, page, name, heading) {
  if ((page, name) in part) printf ".SH %s\n%s", heading, part[page, name] > file
}

function tail(file, name,    path, line) {
  path = tails "/" name
  while ((getline line < path) > 0) print line > file
  close(path)
}

END {
  for (i = 1; i <= n_pages; i++) {
    page = order[i]
    file = out "/" page ".1"
    printf ".\\\" Made from the help of the command by docs/man/make.sh.\n.TH %s 1 \"%s\" \"Runnel %s\"\n", toupper(escape(page)), date, version > file
    summary = title[page]
    if (page in verbs) summary = substr(page, 8) "s: " verbs[page]
    printf ".SH NAME\n%s \\- %s\n", escape(page), escape(summary) > file
    print ".ad l\n.nh" > file
    if (page == "runnel") {
      printf ".SH SYNOPSIS\n.HP 2\n\\fBrunnel\\fR \\fICOMMAND\\fR [\\fIARGUMENTS\\fR]\n.HP 2\n\\fBrunnel help\\fR [\\fICOMMAND\\fR [\\fIVERB\\fR]]\n" > file
      tail(file, "runnel.1")
      printf ".SH COMMANDS\n" > file
      for (k = 2; k <= n_list; k++) {
        split(list[k], words, " ")
        printf ".TP\n\\fB%s\\fR\n%s\nSee\n.BR runnel\\-%s (1).\n", escape(list[k]), sentence(about[list[k]]), words[1] > file
      }
    } else {
      section(file, page, "synopsis", "SYNOPSIS")
    }
    section(file, page, "text", page == "runnel" ? "NOTES" : "DESCRIPTION")
    section(file, page, "options", "OPTIONS")
    section(file, page, "files", "FILES")
    section(file, page, "environment", "ENVIRONMENT")
    section(file, page, "exit status", "EXIT STATUS")
    if ((page, "examples") in part) printf ".SH EXAMPLES\n.nf\n%s.fi\n", part[page, "examples"] > file
    if (page == "runnel") tail(file, "files.1")
    if (!((page, "exit status") in part)) tail(file, "status.1")
    tail(file, "common.1")
    close(file)
  }
}
