#!/bin/sh
# mutants.sh MUTANTS ARGUMENT...: runs the program with the sanitizers' reports in a folder of its
# own. Reading processes make reports when libhdf5 trips over a mutant: that is what they are for.
# Reports whose fault lies in pinion's own code fail the test, as does any of the loading process.
reports=$(mktemp -d) || exit 1
trap 'rm -rf "$reports"' EXIT
plain=handle_segv=0:handle_sigbus=0:handle_sigfpe=0:handle_sigill=0:handle_abort=0
export ASAN_OPTIONS="log_path=$reports/asan:allocator_may_return_null=1:$plain"
export UBSAN_OPTIONS="log_path=$reports/ubsan:print_stacktrace=1"
"$@" || exit 1
ours=0
for report in "$reports"/*; do
    [ -e "$report" ] || continue
    # The first frames are the interceptor, if there is one, and who is to blame.
    if grep -E '^ *#[01] ' "$report" | head -n 2 | grep -q '/engine/' ||
        grep -q -e 'runtime error' -e 'LeakSanitizer' "$report"; then
        cat "$report"
        ours=1
    fi
done
exit "$ours"
