ffmpeg -i "$media/film.mp4" -i "$media/more.mp4" -filter_complex "[1:v]fps=30,scale=720:540,pad=960:540:120:0,setsar=1[v1];[0:v][0:a][v1][1:a]concat=n=2:v=1:a=1[v][a]" \
    -map "[v]" -map "[a]" -c:v libx264 -preset veryfast -crf 23 -c:a aac -movflags +faststart "$out/both.mp4"
