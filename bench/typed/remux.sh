ffmpeg -i "$media/large.mp4" -map 0 -c copy "$out/large.mkv"
