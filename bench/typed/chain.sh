ffmpeg -i "$media/short.mp4" -vf "crop=1120:630,scale=960:540,fps=25,pad=960:600:0:30,drawtext=text=Hello:fontfile=$fonts/DejaVuSans.ttf:fontsize=24:fontcolor=white:x=(w-text_w)/2:y=h-text_h-20,fade=t=in:d=1" \
    -af afade=t=in:d=1 -c:v libx264 -preset veryfast -crf 23 -c:a aac -movflags +faststart "$out/chain.mp4"
