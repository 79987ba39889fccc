ffmpeg -ss 41 -i "$media/film.mp4" -t 10 -c:v libx264 -preset veryfast -crf 23 -c:a aac -movflags +faststart "$out/part.mp4"
