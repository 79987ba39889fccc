from app.engine.progress import Progress, ProgressReader

BLOCK = b"""frame=100
fps=30.00
stream_0_0_q=28.0
bitrate=2000.5kbits/s
total_size=1048576
out_time_us=3330000
out_time_ms=3330000
out_time=00:00:03.330000
dup_frames=0
drop_frames=0
speed=1.5x
progress=continue
"""


def feed(reader: ProgressReader, text: bytes) -> Progress:
    for line in text.splitlines(keepends=True):
        reader.feed(line)
    return reader.progress


def test_a_block_becomes_values() -> None:
    assert feed(ProgressReader(), BLOCK) == Progress(
        frame=100,
        fps=30.0,
        out_time_ms=3330,
        speed=1.5,
        bitrate_bps=2_000_500,
        total_size_bytes=1048576,
    )


def test_nothing_is_shown_before_a_block_is_whole() -> None:
    assert feed(ProgressReader(), BLOCK.partition(b"progress")[0]) == Progress()


def test_what_ffmpeg_does_not_know_keeps_its_last_value() -> None:
    reader = ProgressReader()
    feed(reader, BLOCK)
    later = feed(reader, b"out_time_us=N/A\nbitrate=N/A\nspeed=N/A\nprogress=end\n")
    assert (later.out_time_ms, later.frame, later.speed, later.bitrate_bps) == (
        3330,
        100,
        None,
        None,
    )


def test_sound_alone_has_no_frames() -> None:
    assert feed(ProgressReader(), b"out_time_us=500000\nprogress=continue\n").frame is None


def test_rubbish_is_ignored() -> None:
    assert feed(ProgressReader(), b"\xff\xfe\nframe=abc\n=\nprogress=continue\n") == Progress()
