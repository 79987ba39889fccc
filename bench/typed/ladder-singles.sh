for height in 720 540 432 360 240; do
    ffmpeg -i "$media/master.mp4" -vf scale=-2:$height -c:v libx264 -preset veryfast -crf 23 -c:a copy -movflags +faststart "$out/r$height.mp4"
done
