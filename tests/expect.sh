# For shell tests of programs, sourced: what a program says and with which exit code.
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
