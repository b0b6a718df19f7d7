#!/usr/bin/env bash
# property_11: verify, why, install and check run a plugin in a child process: whatever it does, the command ends by its
# own will with 1 and says what happened where.
# Breaks when: a verb tries a plugin in its own process.
set -uo pipefail
source "$(dirname "$0")/ground.sh"

deadly() { # NAME STATEMENT WORDS
  plugin "$work/$1.so" "-DAT_INIT=$2"
  for verb in why install "verify" check; do
    limit="--timeout 1"
    [ $verb != check ] || limit="--case-timeout 1"
    runnel plugin $verb "$work/$1.so" $limit
    check "$1, $verb: the command ends with 1" ends 1
    check "$1, $verb: says '$3'" says "$3"
    check "$1, $verb: says where" says "init"
  done
  check "$1: nothing was installed" is "$(find "$XDG_DATA_HOME" -name '*.so')" ""
}
deadly crashes 'crash()' SIGSEGV
deadly aborts 'abort()' SIGABRT
deadly is_killed 'kill(getpid(), SIGKILL)' SIGKILL
deadly exits 'exit(0)' exit
deadly hangs 'spin()' hangs
deadly kills_all 'kill(0, SIGTERM)' SIGTERM

# Errors that are no crash travel as status values through the process that asked.
plugin "$mine/polite.so" '-DAT_COMPUTE=return c->host->status(RN_UNAVAILABLE, "the paper is out")'
manifest "$mine/polite.so"
graph_of "$work/polite.pbtxt" Bad
runnel run "$work/polite.pbtxt" --feed x=1 --fetch y
check "a kernel's failure is the run's" ends 1
check "with its words" says "the paper is out"
check "and the node" says "'y'"
end
