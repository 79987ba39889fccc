"""FFmpeg's lines as the service classifies them: names of files are tokens there."""

import re
from collections.abc import Sequence
from itertools import pairwise


def as_tokens(
    lines: Sequence[str], words: Sequence[str], is_probe: bool = False
) -> tuple[str, ...]:
    """The lines with the files of a command shown as tokens: what follows `-i` is an input, the
    last word an output, but for ffprobe."""
    names = {words[-1]: "{in:0}" if is_probe else "{out:0}"}
    names |= {name: "{in:0}" for flag, name in pairwise(words) if flag == "-i"}
    for name, token in names.items():
        if name != "-":
            whole = re.compile(rf"(?<![\w./-]){re.escape(name)}(?![\w-])")
            lines = [whole.sub(token, line) for line in lines]
    return tuple(lines)
