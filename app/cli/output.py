"""What a person sees: problems, errors, results. `--json` puts one document on stdout instead."""

import json
import sys
from collections.abc import Iterable, Mapping
from typing import Any

from rich.console import Console
from rich.markup import escape

EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_UNREACHABLE = 3
EXIT_INTERRUPTED = 130

# what is shown to people goes to stderr where stdout may be a document
err = Console(stderr=True, highlight=False, soft_wrap=True, emoji=False)
out = Console(highlight=False, soft_wrap=True, emoji=False)


def print_json(document: Any) -> None:
    """The one document on stdout."""
    json.dump(document, sys.stdout, indent=2, ensure_ascii=False)
    sys.stdout.write("\n")


def complain(message: str) -> None:
    err.print(f"[red]✗[/red] {escape(message)}")


def print_problems(problems: Iterable[Mapping[str, Any]], sign: str = "[red]✗[/red]") -> None:
    """Problems or warnings, each with its place and what to do."""
    for problem in problems:
        err.print(
            f"{sign} [bold]{escape(problem['pointer'] or '/')}[/bold]  {problem['code']}\n"
            f"  {escape(problem['message'])}"
        )
        if problem["suggestion"]:
            err.print(f"  [dim]→ {escape(problem['suggestion'])}[/dim]")


def print_error(error: Mapping[str, Any]) -> None:
    """The error object of a failed job."""
    err.print(f"[red]✗ {error['code']}[/red]  {escape(error['message'])}")
    print_problems(error["errors"], sign="[red]·[/red]")
    if error["suggestion"] not in [problem["suggestion"] for problem in error["errors"]]:
        err.print(f"  [dim]→ {escape(error['suggestion'])}[/dim]")
    for line in (error["ffmpeg"] or {}).get("stderr_tail", [])[-5:]:
        err.print(f"    [dim]{escape(line)}[/dim]")


def size_text(size_bytes: int | None) -> str:
    """`3.4 MB`."""
    size = float(size_bytes or 0)
    for unit in ("B", "kB", "MB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} GB"


def media_text(info: Mapping[str, Any]) -> str:
    """One line about a file: `mp4, 2.000 s, h264 1280x720 30 fps, aac 48000 Hz stereo`."""
    parts = [str(info["format"] or "?").split(",")[0]]
    if info["duration_ms"] is not None:
        parts.append(f"{info['duration_ms'] / 1000:.3f} s")
    for video in info["video"]:
        rate = f" {_rate(video['frame_rate'])} fps" if video["frame_rate"] else ""
        turned = f" turned {video['rotation']}°" if video["rotation"] else ""
        parts.append(f"{video['codec']} {video['width']}x{video['height']}{rate}{turned}")
    for audio in info["audio"]:
        layout = audio["channel_layout"] or f"{audio['channels']} channels"
        parts.append(f"{audio['codec']} {audio['sample_rate']} Hz {layout}")
    return ", ".join(parts)


def _rate(text: str) -> str:
    numerator, _, denominator = text.partition("/")
    return f"{int(numerator) / int(denominator or 1):.3f}".rstrip("0").rstrip(".")
