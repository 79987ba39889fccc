measured=$(ffmpeg -i "$media/film.mp4" -vn -af ebur128=peak=true:framelog=verbose -f null - 2>&1 |
    awk '/Summary:/ { t = "" } $1 == "I:" { i = $2 } $1 == "Threshold:" && t == "" { t = $2 }
         $1 == "LRA:" { l = $2 } $1 == "Peak:" { p = $2 }
         END { printf "measured_I=%s:measured_TP=%s:measured_LRA=%s:measured_thresh=%s", i, p, l, t }')
ffmpeg -i "$media/film.mp4" -af "loudnorm=I=-16:TP=-1.5:LRA=50:linear=true:$measured,aresample=48000" -c:v copy -c:a aac -movflags +faststart "$out/even.mp4"
