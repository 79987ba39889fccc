"""Ten cuts joined, with a title and music, as MoviePy's guide does it. Arguments: media folder, output."""

import sys

from moviepy import (
    AudioFileClip,
    CompositeAudioClip,
    CompositeVideoClip,
    ImageClip,
    VideoFileClip,
    concatenate_videoclips,
)

media, out = sys.argv[1:]
clips = [VideoFileClip(f"{media}/take{n}.mp4").subclipped(0.5, 3.5) for n in range(10)]
film = concatenate_videoclips(clips)
title = ImageClip(f"{media}/title.png").with_duration(film.duration).with_position((250, 310))
music = AudioFileClip(f"{media}/music.wav").subclipped(0, film.duration)
whole = CompositeVideoClip([film, title]).with_audio(CompositeAudioClip([film.audio, music]))
whole.write_videofile(
    f"{out}/edit.mp4", codec="libx264", audio_codec="aac", preset="veryfast", fps=30,
    ffmpeg_params=["-crf", "23", "-pix_fmt", "yuv420p"], logger=None,
)  # fmt: skip
