"""``errbook completion SHELL``: completion of commands, codes and symbols.

The printed script asks ``errbook completion --words PREFIX`` at each Tab, so it knows the entries of the day.
"""

import argparse
from collections.abc import Sequence

from errbook.cli import COMMANDS, reading

_SCRIPTS = {
    "bash": """\
_errbook() {
    local IFS=$'\\n'
    COMPREPLY=($(errbook completion --words "${COMP_WORDS[COMP_CWORD]}" --position "$COMP_CWORD" 2>/dev/null))
}
complete -o default -F _errbook errbook
""",
    "zsh": """\
#compdef errbook
_errbook() {
    local -a words_found
    words_found=("${(@f)$(errbook completion --words "${words[CURRENT]}" --position $((CURRENT - 1)) 2>/dev/null)}")
    compadd -a words_found || _files
}
compdef _errbook errbook
""",
    "fish": """\
complete -c errbook -f -a '(errbook completion --words (commandline -ct) \\
    --position (count (commandline -opc)) 2>/dev/null)'
""",
}


def parser() -> argparse.ArgumentParser:
    """Return the parser of this command."""
    made = argparse.ArgumentParser(
        prog="errbook completion",
        description="Print the completion of a shell. In ~/.bashrc: source <(errbook completion bash); in ~/.zshrc, "
        "after compinit: source <(errbook completion zsh); for fish: errbook completion fish > "
        "~/.config/fish/completions/errbook.fish",
    )
    made.add_argument("shell", nargs="?", choices=sorted(_SCRIPTS))
    made.add_argument("--words", help=argparse.SUPPRESS)
    made.add_argument("--position", type=int, default=1, help=argparse.SUPPRESS)
    return made


def run(arguments: Sequence[str]) -> int:
    """Print a script, or the words that begin as the given one; return the exit code."""
    made = parser()
    options = made.parse_args(arguments)
    if options.words is not None:
        print("\n".join(words(options.words, options.position)))
    elif options.shell:
        print(_SCRIPTS[options.shell], end="")
    else:
        made.error("which shell? bash, zsh or fish")
    return 0


def words(prefix: str, position: int) -> list[str]:
    """Return what can stand at a position (1 is the first word after ``errbook``) and begins with `prefix`."""
    with reading.knowledge() as knowledge:
        known = [engine["engine"] for engine in knowledge.engines()]
        known += [name for name, _ in knowledge.names()]
    if position == 1:
        known += COMMANDS
    exact = {word for word in known if word.startswith(prefix)}
    return sorted(exact or {word for word in known if word.lower().startswith(prefix.lower())})
