measured=$(ffmpeg -ss 2 -t 56 -i "$media/film.mp4" -vn -af ebur128=peak=true:framelog=verbose -f null - 2>&1 |
    awk '/Summary:/ { t = "" } $1 == "I:" { i = $2 } $1 == "Threshold:" && t == "" { t = $2 }
         $1 == "LRA:" { l = $2 } $1 == "Peak:" { p = $2 }
         END { printf "measured_I=%s:measured_TP=%s:measured_LRA=%s:measured_thresh=%s", i, p, l, t }')
ffmpeg -ss 2 -t 56 -i "$media/film.mp4" -vf "scale=854:480,drawtext=text=Hello:fontfile=$fonts/DejaVuSans.ttf:fontsize=24:fontcolor=white:x=(w-text_w)/2:y=h-text_h-20" \
    -af "loudnorm=I=-16:TP=-1.5:LRA=50:linear=true:$measured,aresample=48000" \
    -c:v libx264 -preset veryfast -crf 23 -c:a aac -movflags +faststart "$out/titled.mp4"
