#!/bin/bash
# What tools/coverage refuses, with which exit code and words; and that each file of its parts is where it says. Argument:
# the script.
set -u
script=$1
. "$(dirname "$0")/../expect.sh"
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
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
