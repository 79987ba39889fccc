ffmpeg -ss 45 -i "$media/film.mp4" -frames:v 1 -q:v 3 "$out/still.jpg"
