# trace.sh - which files a command opens. Sourced after ground.sh.
#
# strace, where the system lets it; else a library of ours that the linker puts before the others.
tracer=strace
if ! strace -f -o "$work/probe" -e trace=openat true 2> /dev/null; then
  tracer=shim
  cc -O1 -shared -fPIC -o "$work/trace_shim.so" "$here/trace_shim.c" -ldl || tracer=none
fi
if [ "$tracer" = none ] || { [ "$tracer" = shim ] && ! LD_AUDIT=$work/trace_shim.so TRACE_TO=$work/probe true; }; then
  echo "skipped: strace may not trace here, and the library instead of it does not work either"
  exit 77
fi
echo "traced with $tracer"

# trace LOG COMMAND...: its output in $said, its end in $code.
trace() {
  local log=$1
  shift
  : > "$log"
  if [ $tracer = strace ]; then
    said=$(strace -f -e trace=openat,open,execve -o "$log" "$@" 2>&1 < /dev/null)
  else
    said=$(LD_AUDIT=$work/trace_shim.so LD_PRELOAD=$work/trace_shim.so TRACE_TO=$log "$@" 2>&1 < /dev/null)
  fi
  code=$?
}
# opened LOG PATTERN: the files that were opened, each once.
opened() {
  grep -vE '= -1' "$1" | grep -oE '(openat|open)\([^"]*"[^"]*"' | sed -E 's/^[^"]*"//; s/"$//' | grep -E -- "$2" | sort -u
}
