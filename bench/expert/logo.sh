ffmpeg -i "$media/film.mp4" -i "$media/logo.png" -filter_complex "[0:v][1:v]overlay=W-w-20:20" -c:v libx264 -preset veryfast -crf 23 -c:a copy -movflags +faststart "$out/branded.mp4"
