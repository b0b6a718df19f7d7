#!/usr/bin/env bash
# help_test.sh: every command, verb and option of the installed command's help stands in its man page and in the completion
# of each shell, and those are clean for the tools that read them, as far as these are here.
set -euo pipefail
share=$RUNNEL_INSTALLED/share
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export HOME=$work XDG_DATA_HOME=$work/data XDG_CONFIG_HOME=$work/config PATH=$RUNNEL_INSTALLED/bin:$PATH
unset RUNNEL_PLUGIN_PATH RUNNEL_CONFIG
failed=0
complain() { echo "help_test: $*"; failed=1; }

runnel help --all > "$work/help"
bash_completion=$share/bash-completion/completions/runnel
completions=("$bash_completion" "$share/zsh/site-functions/_runnel" "$share/fish/vendor_completions.d/runnel.fish")

commands=0
options=0
while IFS= read -r line; do
  case $line in
    "== "*)
      name=${line#== }
      name=${name%%: *}
      summary=${line#*: }
      commands=$((commands + 1))
      page=$share/man/man1/runnel-${name%% *}.1
      [ "$name" != runnel ] || page=$share/man/man1/runnel.1
      [ -f "$page" ] || { complain "no page $page"; page=/dev/null; }
      # A page as it is read: no roff, and hyphens as they were.
      sed -e 's/\\f[BIR]//g; s/\\-/-/g; s/\\e/\\/g' "$page" > "$work/page"
      grep -qiF "${summary#* }" "$work/page" || complain "$page does not say '$summary'"
      for file in "${completions[@]}"; do
        grep -qF "$name|" "$file" || complain "$file does not know '$name'"
        grep -F "$name|" "$file" | grep -F -- "|$summary" > /dev/null || complain "$file: another summary of '$name'"
      done
      ;;
    "runnel "*) [ "$name" = runnel ] || [[ "$line " == "runnel $name"[\ ]* ]] || complain "the usage of '$name' is: $line" ;;
    "  -"*)
      option=$(sed -E 's/^ +//; s/[ =[].*//' <<< "$line")
      options=$((options + 1))
      grep -qF -- "$option" "$work/page" || complain "the page of '$name' lacks $option"
      for file in "${completions[@]}"; do
        grep -F "$name|" "$file" | head -1 | grep -qE -- "[| ]$option([ =|]|$)" || complain "$file lacks '$name' $option"
      done
      ;;
  esac
done < "$work/help"
# What a usage names is explained.
awk '/^== /{ name = $0; usage = $2 != "runnel:"; text = ""; split("", told); next } usage && /^$/ { usage = 0 }
     usage { text = text " " $0 } /^  -/ { told[$1] = 1 }
     /^Examples:/ { n = split(text, w, /[^a-z-]+/); for (i = 1; i <= n; i++) if (w[i] ~ /^--?[a-z]/ && !(w[i] in told)) print name ": " w[i] " is not explained"; text = "" }' \
  "$work/help" > "$work/untold"
[ ! -s "$work/untold" ] || complain "$(cat "$work/untold")"
[ $commands -ge 8 ] && [ $options -ge 20 ] || complain "only $commands commands and $options options were looked at"

for page in "$share"/man/man*/*; do
  for section in NAME DESCRIPTION "SEE ALSO"; do
    grep -q "^.SH $section" "$page" || [ "$section" = DESCRIPTION ] || complain "$page has no $section"
  done
  if command -v mandoc > /dev/null; then
    mandoc -T lint -W warning "$page" > "$work/lint" || complain "$(cat "$work/lint")"
  elif command -v groff > /dev/null; then
    groff -man -Tascii -ww -z "$page" 2> "$work/lint"
    [ ! -s "$work/lint" ] || complain "$page: $(cat "$work/lint")"
  fi
done

bash -n "$bash_completion" || complain "bash does not read its completion"
if command -v zsh > /dev/null; then zsh -n "${completions[1]}" || complain "zsh does not read its completion"; fi
if command -v fish > /dev/null; then fish -n "${completions[2]}" || complain "fish does not read its completion"; fi

# shellcheck source=/dev/null
source "$bash_completion"
offers() { # expected word, words typed...
  COMP_WORDS=("${@:2}")
  COMP_CWORD=$(($# - 2))
  COMPREPLY=()
  _runnel 2> /dev/null || true
  [[ " ${COMPREPLY[*]} " == *" $1 "* ]] || complain "after '${*:2}' bash offers '${COMPREPLY[*]}', not '$1'"
}
offers plugin runnel pl
offers why runnel plugin ''
offers cpu runnel plugin info ''
offers MatMul runnel ops MatM
offers Adam runnel optimizers A
offers --fetch runnel run --f
offers cpu runnel run --device ''
offers run.threads= runnel config --set run.
offers draw runnel help dr
offers list runnel help plugin ''
[ $failed = 0 ] && echo "help: $commands commands and $options options stand in pages and completions"
exit $failed
