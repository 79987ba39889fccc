ffmpeg -ss 60 -i "$media/large.mp4" -map 0 -c copy -movflags +faststart "$out/cut.mp4"
