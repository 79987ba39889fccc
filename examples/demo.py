"""The main job on a real file, with everything embedded: what `make demo` runs."""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from app import settings
from app.engine import process, tools

# a moving picture, and a voice-like hum in syllables
_PICTURE = "testsrc2=size=1920x1080:rate=30:duration=8"
_VOICE = (
    "aevalsrc='0.35*(sin(2*PI*130*t)+0.5*sin(2*PI*700*t)+0.3*sin(2*PI*1200*t))"
    "*max(0,sin(2*PI*3.5*t))*gt(mod(t,2.2),0.4)':s=48000:d=8"
)


def render(path: Path, ffmpeg: str) -> None:
    """A clip of eight seconds with moving picture and speech-like sound."""
    argv = [
        ffmpeg, "-hide_banner", "-nostdin", "-y", "-loglevel", "error",
        "-f", "lavfi", "-i", _PICTURE, "-f", "lavfi", "-i", _VOICE,
        "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac", str(path),
    ]  # fmt: skip
    outcome = process.run(argv, cwd=str(path.parent), timeout_s=120)
    if not outcome.is_success:
        sys.exit(f"the demo clip could not be rendered: {outcome.stderr_tail}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", nargs="?", type=Path, help="a media file of yours")
    parser.add_argument("--out", type=Path, default=Path("demo-output"))
    given = parser.parse_args()
    began = time.monotonic()
    spec = json.loads((Path(__file__).parent / "main-job.json").read_text())
    with tempfile.TemporaryDirectory(prefix="media-pipeline-demo-") as folder:
        source = Path(folder) / "talk.mp4"
        given.out.mkdir(parents=True, exist_ok=True)
        if given.file:
            shutil.copyfile(given.file, source)
            print(f"input    {given.file}", flush=True)
        else:
            print("input    rendering a clip of 8 s, 1920x1080, with sound", flush=True)
            render(source, tools.find(settings.current()).ffmpeg)
            shutil.copyfile(source, given.out / source.name)
        for output in spec["outputs"]:
            output["destination"] = str(given.out.absolute() / Path(output["destination"]).name)
        spec_file = Path(folder) / "main-job.json"
        spec_file.write_text(json.dumps(spec))
        print(
            "job      trim 1 s to 7 s; 720p, 360p, square; sound as MP3 (examples/main-job.json)\n"
            "service  PostgreSQL, Valkey and workers start, for this job alone\n",
            flush=True,
        )
        # jobs may use the spec's folder and the current one
        command = [sys.executable, "-m", "app.cli", "run", str(spec_file)]
        code = subprocess.run(command, cwd=given.out, check=False).returncode
    print(f"from nothing to files in {time.monotonic() - began:.1f} s")
    if code == 0:
        print(
            "next     make up        the whole service here; README.md has the first request to it"
        )
    sys.exit(code)


if __name__ == "__main__":
    main()
