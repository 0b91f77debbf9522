/**
 * What a shell has to run to complete `holdfast` commands. Each asks `holdfast __complete -- WORD...`, the last word being the
 * one that is being written; it answers a line for each candidate, with a tab before its description, or `:files`.
 */
const bash = `# bash completion of holdfast: eval "$(holdfast completion bash)"
_holdfast() {
  local line current candidates candidate prefix words
  COMPREPLY=()
  # bash breaks words at colons, which edges' URIs have: the line is taken apart here.
  line=\${COMP_LINE:0:COMP_POINT}
  read -ra words <<<"$line"
  current=\${words[-1]}
  [[ $line == *[[:space:]] ]] && current= && words+=("")
  candidates=$("$1" __complete -- "\${words[@]:1}" 2>/dev/null) || return
  if [[ $candidates == :files ]]; then
    compopt -o default
    return
  fi
  prefix=
  [[ $current == *:* ]] && prefix=\${current%"\${current##*:}"}
  while IFS=$'\\t' read -r candidate _; do
    [[ -n $candidate && $candidate == "$current"* ]] && COMPREPLY+=("\${candidate#"$prefix"}")
  done <<<"$candidates"
}
complete -F _holdfast holdfast ./holdfast
`;

const zsh = `#compdef holdfast
# zsh completion of holdfast: eval "$(holdfast completion zsh)"
_holdfast() {
  local -a lines described
  local line
  lines=("\${(@f)$("\${words[1]}" __complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ "\${lines[1]}" == ":files" ]]; then
    _files
    return
  fi
  for line in "\${lines[@]}"; do
    [[ -n "$line" ]] && described+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}")
  done
  _describe holdfast described
}
compdef _holdfast holdfast
`;

const fish = `# fish completion of holdfast: holdfast completion fish | source
function __holdfast_complete
  set -l words (commandline -opc)
  set -l candidates ($words[1] __complete -- $words[2..-1] (commandline -ct) 2>/dev/null)
  if test "$candidates" = ":files"
    __fish_complete_path (commandline -ct)
  else
    printf '%s\\n' $candidates
  end
end
complete -c holdfast -f -a '(__holdfast_complete)'
`;

export const completionScripts: Readonly<Record<"bash" | "zsh" | "fish", string>> = { bash, zsh, fish };
