#!/bin/bash
# What dure-sim refuses, with which exit code and words, and where it stops. Argument: the program.
set -u
program=$1
. "$(dirname "$0")/../expect.sh"
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
printf 'seed 1\nclient a sings at gateway-1\n' > "$folder/bad.scenario"
expect 64 "--seeds N, --seed S or --scenario FILE is required" "$program"
expect 64 "is no number from 0" "$program" --seed -1
expect 64 "is no number from 0" "$program" --seed 18446744073709551616
expect 64 "the last one is out of range" "$program" --seeds 10 --from 18446744073709551615
expect 64 "no such bug: big" "$program" --seed 1 --bug big
expect 64 "--sneeds" "$program" --sneeds 3
expect 64 "takes --seeds N and draws them itself" "$program" --long "$folder/batch.db" --seed 3
expect 78 "cannot open" "$program" --long "$folder/none/batch.db" --seeds 1
expect 78 "bad.scenario:2: unknown word 'sings'; allowed: shops, fights, trades" "$program" --scenario "$folder/bad.scenario"
expect 78 "none.scenario:1: cannot be read" "$program" --scenario "$folder/none.scenario"
# Of many seeds that fail it runs the first.
said=$("$program" --seeds 5 --bug unsynced-store --fail-fast 2> "$folder/progress")
if [ $? -ne 1 ] || [ "$(grep -c '^FAILED' <<< "$said")" -ne 1 ] || ! grep -qx 'seeds  *1' <<< "$said"; then
  echo "--fail-fast did not stop at the first: $said"
  failed=1
fi
exit $failed
