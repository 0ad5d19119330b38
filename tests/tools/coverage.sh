#!/bin/bash
# What tools/coverage refuses, with which exit code and words; and that each file of its parts is where it says. Argument:
# the script.
set -u
script=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
failed=0
# expect CODE WORDS COMMAND…
expect() {
  local code=$1 words=$2
  shift 2
  local said
  said=$("$@" 2>&1)
  local got=$?
  if [ $got -ne "$code" ] || [[ $said != *"$words"* ]]; then
    echo "$*: exit $got instead of $code, or not '$words' in: $said"
    failed=1
  fi
}
expect 0 "two-phase commit: dbagent/store/holds.cpp" "$script" --files
expect 0 "tools/coverage --lines" "$script" --help
expect 64 "no such word: --line" "$script" --line

# In another tree: without the files it names, and with them before anything was built.
mkdir -p "$folder/tools"
cp "$script" "$folder/tools/coverage"
expect 78 "the part 'owner window' names common/game/window.cpp, and there is no such file" "$folder/tools/coverage" --table
for file in $("$script" --files | sed 's/^[^:]*: //'); do
  mkdir -p "$folder/$(dirname "$file")"
  : > "$folder/$file"
done
expect 64 "nothing was run yet: without --table it is" "$folder/tools/coverage" --table
exit $failed
