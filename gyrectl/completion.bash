# shellcheck shell=bash
# bash completion for gyrectl: commands, options, and what the server knows: loops, nodes, processes
# and methods, for which it is asked with a short time limit.

# Asks for a list of names, with the socket and the loop that the command line says.
_gyrectl_names() {
  local -a where=()
  local i
  for ((i = 1; i < COMP_CWORD; i++)); do
    case ${COMP_WORDS[i]} in
      -s | --socket) where+=(-s "${COMP_WORDS[i + 1]}") ;;
      -l | --loop) [[ $1 = loops ]] || where+=(-l "${COMP_WORDS[i + 1]}") ;;
    esac
  done
  # What is not plain text is escaped, and cannot be typed either.
  "${COMP_WORDS[0]}" --timeout 0.5 "${where[@]}" names "$1" 2>/dev/null </dev/null |
    grep -vF "\\"
}

# Offers those of the words on stdin that begin with the one under the cursor.
_gyrectl_offer() {
  local word current=$1
  while IFS= read -r word; do
    [[ $word = "$current"* ]] && COMPREPLY+=("$(printf '%q' "$word")")
  done
}

_gyrectl_words() {
  local current=$1
  shift
  _gyrectl_offer "$current" < <(printf '%s\n' "$@")
}

# The words of the command line before the cursor that are no options nor their values.
_gyrectl_plain() {
  local i
  plain=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    case ${COMP_WORDS[i]} in
      -s | -l | -d | -i | -n | -o | --socket | --loop | --timeout | --delay | --interval) ((i++)) ;;
      --count | --output | --sort) ((i++)) ;;
      =) ((i++)) ;;
      -*) ;;
      *) plain+=("${COMP_WORDS[i]}") ;;
    esac
    [[ ${COMP_WORDS[i]-} = = ]] && ((i++))
  done
}

_gyrectl_options() {
  local options=(--socket --loop --json --no-color --timeout --help --usage --version)
  case ${plain[0]-} in
    show) [[ ${plain[1]-} != runtime ]] || options+=(--total) ;;
    top) options+=(--delay --batch --count --sort) ;;
    watch) options+=(--interval --count) ;;
    graph) options+=(--dot --svg --output) ;;
  esac
  _gyrectl_words "$1" "${options[@]}"
}

_gyrectl_command() {
  case ${#plain[@]}:${plain[*]} in
    0:*)
      _gyrectl_words "$1" show clear set signal log top graph watch call methods names
      ;;
    1:show)
      _gyrectl_words "$1" runtime nodes processes errors links graph loops version methods
      ;;
    1:clear) _gyrectl_words "$1" runtime ;;
    1:set) _gyrectl_words "$1" node ;;
    "2:set node") _gyrectl_offer "$1" < <(_gyrectl_names nodes) ;;
    3:"set node"*) _gyrectl_words "$1" enabled disabled ;;
    1:signal) _gyrectl_offer "$1" < <(_gyrectl_names processes) ;;
    1:log) _gyrectl_words "$1" error warning info debug ;;
    1:watch) _gyrectl_words "$1" runtime processes links errors loops ;;
    1:call) _gyrectl_offer "$1" < <(_gyrectl_names methods) ;;
    1:names) _gyrectl_words "$1" nodes processes links loops methods ;;
  esac
}

_gyrectl() {
  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
  local -a plain
  COMPREPLY=()
  # "--loop=name" comes as three words.
  if [[ $current = = ]]; then
    current=
  elif [[ $previous = = ]]; then
    previous=${COMP_WORDS[COMP_CWORD - 2]}
  fi
  case $previous in
    -s | --socket | -o | --output)
      compopt -o filenames 2>/dev/null
      mapfile -t COMPREPLY < <(compgen -f -- "$current")
      return
      ;;
    -l | --loop) _gyrectl_offer "$current" < <(_gyrectl_names loops) && return ;;
    --sort) _gyrectl_words "$current" rank name rate calls vectors clocks drops && return ;;
    -d | -i | -n | --delay | --interval | --count | --timeout) return ;;
  esac
  _gyrectl_plain
  if [[ $current = -* ]]; then
    _gyrectl_options "$current"
  else
    _gyrectl_command "$current"
  fi
}

complete -F _gyrectl gyrectl
