"""Write `docs/errors.md` from the table of codes (`make docs`)."""

import sys
from itertools import groupby
from pathlib import Path

from app.taxonomy import MEANINGS, Retryable

_HEAD = """# Errors

Every error that a user can meet has one of these codes; a code never changes its meaning. Written by
`make docs` from `app/taxonomy.py`; each error's `documentation` leads to the same text, served by the
API at `/docs/errors/<CODE>`.

*Tried again*: **by us** means that the service repeats the step by itself (at most three failures,
10 s, 20 s, … apart); **by you, later** that the same request may succeed another time; **no** that
nothing will change until the cause named here is mended.
"""
_TRIED = {
    Retryable.RETRYABLE: "by us",
    Retryable.RETRYABLE_EXTERNAL: "by you, later",
    Retryable.NOT_RETRYABLE: "no",
}


def written() -> str:
    parts = [_HEAD]
    for group, rows in groupby(MEANINGS.items(), key=lambda row: row[1].group):
        parts.append(f"## {group}\n")
        for code, meaning in rows:
            parts.append(
                f"### {code}\n\n{meaning.message} {meaning.remedy}\n\n"
                f"HTTP {meaning.status} · {meaning.category} · {meaning.severity} · "
                f"tried again: {_TRIED[meaning.retryable]}\n"
            )
    return "\n".join(parts)


if __name__ == "__main__":
    Path(sys.argv[1] if len(sys.argv) > 1 else "docs/errors.md").write_text(written())
