ffmpeg -i "$media/film.mp4" -map 0:a -c:a libmp3lame -b:a 128k "$out/sound.mp3"
