ffmpeg -i "$media/film.mp4" -map 0:a -c copy -movflags +faststart "$out/sound.m4a"
