#!/usr/bin/env bash
# Files: their names say a subject, their first line says what they are and in which room, their length is
# what one can hold in the head. What the project must not mention is not mentioned.
set -euo pipefail
fail=0
complain() {
  printf 'style: %s\n' "$1"
  fail=1
}
sources() { git ls-files --cached --others --exclude-standard -- '*.c' '*.h' | while read -r f; do [ -f "$f" ] && echo "$f"; done; }
everything() { git ls-files --cached --others --exclude-standard | while read -r f; do [ -f "$f" ] && echo "$f"; done; }

# A name that fits everything says nothing.
vague=$(everything | grep -E '(^|/)[a-z_]*(utils?|common|misc|helpers?|manager)[a-z_]*(\.[a-z]+|/)' || true)
[ -z "$vague" ] || complain "names without a subject: $vague"

while read -r f; do
  first=$(head -n 1 "$f")
  name=$(basename "$f")
  [[ $first == "/* "* ]] || complain "$f: the first line is not a comment that says what the file is"
  [[ $first == *"$name"* ]] || complain "$f: the first line does not begin with the file's name: $first"
  # The room stands in brackets, in the first line or, where the sentence is long, at its end below.
  head -n 4 "$f" | grep -qE '\((core|plugins|frontends|viz|tests|docs)[a-z0-9_/, :;.-]*\)' ||
    complain "$f: its head does not name its room, as (core/base)"
done < <(sources)

# Patterns are put together so that this file does not match itself.
for word in '/work''/' 'shared''/design' 'deb\.debian''\.org' 'pypi\.''org' 'registry\.npm''js' 'files\.python''hosted'; do
  found=$(everything | grep -vE '^tests/fuzz/corpus/' | xargs -d '\n' grep -lIE -- "$word" || true)
  [ -z "$found" ] || complain "'$word' is mentioned in: $found"
done
found=$(everything | grep -vE '^tests/fuzz/corpus/' | xargs -d '\n' grep -nIE 'shared''/' | grep -vE '\.\./shared''/data' || true)
[ -z "$found" ] || complain "what lies outside of the project is mentioned: $found"

# Shell scripts stop at names that are not set and at the first failure, those aside that collect failures.
while read -r f; do
  head -n 1 "$f" | grep -q '^#!/usr/bin/env bash$' || complain "$f: the first line is not #!/usr/bin/env bash"
  grep -qE '^set -e?uo pipefail$' "$f" || complain "$f: no 'set -euo pipefail'"
done < <(everything | xargs -d '\n' grep -lIE '^#!.*sh$' | grep -vE '\.md$' || true)

# No failure: figures to keep an eye on.
sources | grep -E '\.c$' | xargs -d '\n' wc -l | awk '$2 != "total" && $1 > 300 { printf "long: %s has %d lines\n", $2, $1 }'
exit $fail
