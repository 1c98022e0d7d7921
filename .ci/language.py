"""Lists the words that mark a sentence to rewrite (docs/glossary.md): `language.py [PATH...]`, all tracked files by default.

Reads docstrings, comments, messages and names in Python files, and the text of Markdown files. Prints each line and ends
with 1 where there is one. A line that quotes such a word on purpose ends with `language: quoted`.
"""

from __future__ import annotations

import io
import re
import subprocess
import sys
import tokenize
from collections.abc import Iterator
from pathlib import Path

WORDS = re.compile(
    r"""\b(?:
        anew | whoever | whosoever | whomever | mend(?:s|ed|ing)? | thereof | hereby | nobody's | one's | standing\ in(?!\ )
      | t(?:old|ell|ells|elling)\ (?:of|along) | hang(?:s|ing)?\ on | stands?(?!\ by\b|\ stands\b) | go(?:es)?\ its\ own\ way
      | (?:come|came)s?\ to\ life | by\ what\ they\ hold | (?<!there\ )(?<!answer\ )is\ no(?!\ longer\b|\ more\b|\ matter\b)
      | say\ it | whose\ word | what\ waits | stand-in | as\ at\ its\ making
    )\b""",
    re.VERBOSE | re.IGNORECASE,
)
QUOTED = "language: quoted"
# `what_stands_alone` is read as a sentence too.
IN_NAMES = str.maketrans("_", " ")
LEFT_OUT = re.compile(r"(?:^|/)(?:migrations|locale)/|^\.ci/language\.py$|^docs/glossary\.md$|^LICENSE$")


def spoken(path: Path) -> Iterator[tuple[int, str]]:
    """The texts in a file that people read, each with its line number."""
    source = path.read_text(encoding="utf-8")
    if path.suffix != ".py":
        yield from enumerate(source.splitlines(), 1)
        return
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type in (tokenize.STRING, tokenize.COMMENT):
            for offset, line in enumerate(token.string.splitlines()):
                yield token.start[0] + offset, line
        elif token.type == tokenize.NAME and "_" in token.string:
            yield token.start[0], token.string.translate(IN_NAMES)


def found_in(path: Path) -> list[str]:
    """One line for each word to rewrite, as `path:line: word: text`."""
    quoted = {n for n, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1) if QUOTED in line}
    return [
        f"{path}:{number}: {match[0]}: {text.strip()[:140]}"
        for number, text in spoken(path)
        if number not in quoted and (match := WORDS.search(text))
    ]


def main() -> int:
    listed = subprocess.run(
        ["git", "ls-files", "*.py", "*.md"], capture_output=True, text=True, check=True
    ).stdout.split()
    files = [name for name in sys.argv[1:] or listed if not LEFT_OUT.search(name)]
    found = [line for name in files for line in found_in(Path(name))]
    print("\n".join(found) or f"no word to rewrite in {len(files)} files")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
