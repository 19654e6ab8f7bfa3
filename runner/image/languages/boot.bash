# Waits, warm, for one Bash program. Bash reads this file (BASH_ENV) before it opens the program's
# script and blocks here until the job arrives; then it goes on to run the script as it always does.
# What came with arguments, or under another name than this shell was started for, a new one runs.
# report.so, loaded with it, tells the supervisor the exit code.

unset BASH_ENV LD_PRELOAD
__coderunner_wait() {
  local count i text=warm
  local -a list=(one two)
  [[ ${list[*]} == "one two" && $text == w* ]] && printf '%s\n' "${#list[@]}" "$((count + 1))" > /dev/null
  echo warm
  printf R%s "${BASH_VERSION%%[^0-9.]*}" >&15
  IFS= read -r -u 15 count || exit 0
  IFS= read -r -d '' -u 15 text
  (( count == 1 )) && [[ $text == main.sh ]] && return
  local -a words=("/workspace/$text")
  for (( i = 1; i < count; i++ )); do
    IFS= read -r -d '' -u 15 text
    words+=("$text")
  done
  exec bash "${words[@]}"
}
__coderunner_wait
unset -f __coderunner_wait
SECONDS=0
