#!/usr/bin/env bash
# Installs what is needed, builds in every way that counts, runs every test and every check.
#
#   ./check.sh            everything (CI runs this; about half an hour on two cores)
#   ./check.sh --quick    one build by gcc, the tests that take no more than seconds, the fast checks:
#                         a few minutes
#   ./check.sh --no-install   takes the packages as they are
#
# Goes on after a failure and lists all of them in the end. The last line is "N passed, N failed";
# every test function and every check counts once for each build it ran in, a skip is neither. Exit
# code 1 when anything failed. Builds and logs are in build-check/.
# shellcheck disable=SC2317  # functions are called through check
set -u
cd "$(dirname "$0")" || exit 3

quick=false install=true
for option; do
    case $option in
    --quick) quick=true ;;
    --no-install) install=false ;;
    -h | --help) sed -n '2,11s/^# \{0,1\}//p' "$0" && exit 0 ;;
    *) echo "check.sh: unknown option '$option'; see ./check.sh --help" >&2 && exit 2 ;;
    esac
done

root=build-check
logs=$root/logs
mkdir -p "$logs"
passed=0 failed=0 skipped=0
details=$logs/details.txt
: >"$details"
export LC_ALL=C.UTF-8 TERM=dumb

report() { printf '%-6s %-34s %5s s   %s\n' "$1" "$2" "$3" "${4:-}"; }

# check NAME COMMAND...: one check; its output goes to a log, of which the end is shown on failure.
check() {
    local name=$1 log=$logs/${1//[ \/]/_}.log start=$SECONDS
    shift
    if "$@" >"$log" 2>&1 </dev/null; then
        passed=$((passed + 1))
        report ok "$name" $((SECONDS - start)) "$(tail -n 1 "$log" | cut -c 1-90)"
        return 0
    fi
    failed=$((failed + 1))
    echo "failed $name: see $log" >>"$details"
    report FAILED "$name" $((SECONDS - start))
    tail -n 40 "$log" | sed 's/^/    /'
    return 1
}

# fuzzers: the libFuzzer programs compile and begin; the tests run their seeds and mutations of them.
fuzzers() {
    [ -f "$root/fuzz/build.ninja" ] || CC=clang meson setup "$root/fuzz" -Dwerror=true -Dtests=enabled -Dfuzz=true \
        -Dbuildtype=debugoptimized -Db_lundef=false || return 1
    ninja -C "$root/fuzz" fuzzers || return 1
    local program
    for program in "$root"/fuzz/tests/fuzz/fuzz_*; do
        [ -f "$program" ] || continue
        AZ_SOURCE_ROOT=$PWD "$program" -runs=20 -timeout=20 || return 1
    done
    echo "every fuzzer of $root/fuzz/tests/fuzz begins"
}

# build NAME OPTION...: configures and compiles build-check/NAME with warnings as errors.
build() {
    local name=$1
    shift
    # shellcheck disable=SC2016  # expanded by the inner shell
    check "build $name" bash -c 'name=$1; shift
        [ -f "$name/build.ninja" ] && again=--reconfigure || again=
        meson setup $again "$name" -Dwerror=true -Dtests=enabled "$@" && ninja -C "$name"' build "$root/$name" "$@"
}

# tests NAME OPTION...: runs meson's tests in build-check/NAME and counts their functions.
tests() {
    local name=$1 log=$logs/tests_$1.log start=$SECONDS counts
    shift
    rm -f "$root/$name/meson-logs/testlog.json"
    meson test -C "$root/$name" --no-rebuild --print-errorlogs "$@" >"$log" 2>&1 </dev/null
    local code=$?
    if ! counts=$(python3 scripts/count_results.py "$name" "$root/$name/meson-logs/testlog.json"); then
        counts="failed $name: the tests did not run, see $log"$'\n'"0 1 0"
    fi
    sed '$d' <<<"$counts" >>"$details"
    local ok bad left
    read -r ok bad left <<<"${counts##*$'\n'}"
    # A failure that meson saw and the log does not show must not be lost.
    [ "$code" -eq 0 ] || [ "$bad" -gt 0 ] || bad=1
    passed=$((passed + ok)) failed=$((failed + bad)) skipped=$((skipped + left))
    local word=ok
    [ "$bad" -eq 0 ] || word=FAILED
    report "$word" "tests $name" $((SECONDS - start)) "$ok passed, $bad failed, $left skipped"
    [ "$bad" -eq 0 ] || sed '$d' <<<"$counts" | sed -n 's/^failed/    failed/p'
}

finish() {
    echo
    sort -u "$details"
    [ "$skipped" -eq 0 ] || echo "$skipped skipped (neither passed nor failed)"
    echo "$passed passed, $failed failed"
    [ "$failed" -eq 0 ]
    exit
}

shell_scripts() { find ./*.sh .ci/run scripts tests bench -name '*.sh' -o -name run -type f; }
# clang-tidy looks at what clang compiled, with the options it was compiled with.
tidy() {
    run-clang-tidy -quiet -p "$root/clang" -j "$(nproc)" "$PWD/(src|tests|bench)/.*" 2>/dev/null |
        sed 's/\x1b\[[0-9;]*m//g' >"$logs/tidy.txt"
    local code=${PIPESTATUS[0]}
    grep -E 'warning:|error:' "$logs/tidy.txt" | sort -u
    [ "$code" -eq 0 ] && echo "clang-tidy: $(find src tests bench -name '*.c' | wc -l) files, nothing to say"
}

if $install; then
    groups=(build run test)
    $quick || groups+=(cross)
    check "packages" scripts/deps.sh "${groups[@]}" || finish
fi

check "layers" python3 scripts/check_layers.py
check "documents" python3 scripts/check_docs.py
check "style" python3 scripts/check_style.py
# shellcheck disable=SC2046  # names of ours, without spaces
check "shell scripts" shellcheck $(shell_scripts)

if build gcc -Dbuildtype=release --prefix=/usr; then
    check "symbols" python3 scripts/check_symbols.py "$root/gcc"
    check "install and use" scripts/check_install.sh "$root/gcc"
    if $quick; then tests gcc --no-suite slow; else tests gcc; fi
fi
$quick && finish

if CC=clang build clang -Dbuildtype=release; then
    tests clang --no-suite slow
    check "clang-tidy" tidy
    check "fuzzers" fuzzers
fi
if CC=clang build sanitize -Dbuildtype=debugoptimized -Db_sanitize=address,undefined -Db_lundef=false; then
    export ASAN_OPTIONS=detect_stack_use_after_return=1 UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
    tests sanitize --no-suite slow --timeout-multiplier 20
fi
if build aarch64 -Dbuildtype=release --cross-file scripts/aarch64.ini; then
    tests aarch64 --suite unit --suite kernel --no-suite slow --timeout-multiplier 20
fi
finish
