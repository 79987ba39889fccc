ffmpeg -i "$media/film.mp4" -map 0:v -map 0:a -c copy "$out/film.mkv"
