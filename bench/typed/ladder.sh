x264="-c:v libx264 -preset veryfast -crf 23 -map 0:a -c:a copy -movflags +faststart"
ffmpeg -i "$media/master.mp4" -filter_complex "[0:v]split=5[s1][s2][s3][s4][s5];[s1]scale=-2:720[v1];[s2]scale=-2:540[v2];[s3]scale=-2:432[v3];[s4]scale=-2:360[v4];[s5]scale=-2:240[v5]" \
    -map "[v1]" $x264 "$out/r720.mp4" -map "[v2]" $x264 "$out/r540.mp4" -map "[v3]" $x264 "$out/r432.mp4" \
    -map "[v4]" $x264 "$out/r360.mp4" -map "[v5]" $x264 "$out/r240.mp4"
