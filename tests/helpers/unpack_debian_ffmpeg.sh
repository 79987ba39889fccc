#!/bin/sh
# Unpack Debian's FFmpeg with its libraries into a folder, without installing anything.
# Makes FOLDER/ffmpeg and FOLDER/ffprobe, which run with those libraries.
set -eu
folder=$1
mkdir -p "$folder/root" "$folder/archives/partial"
folder=$(cd "$folder" && pwd)
as_root=$(test "$(id -u)" = 0 || echo sudo)
if ! apt-cache show ffmpeg >/dev/null 2>&1; then $as_root apt-get update -q; fi
# -o Debug::NoLocking: only downloads, so the package database stays as it is
apt-get install -y -q --download-only --reinstall -o Debug::NoLocking=1 \
    -o Dir::Cache::archives="$folder/archives" ffmpeg
for package in "$folder"/archives/*.deb; do dpkg -x "$package" "$folder/root"; done
rm -rf "$folder/archives"
# the folder may be moved: the scripts look beside themselves
libraries=$(cd "$folder" && find root -name '*.so*' -printf '$here/%h\n' | sort -u | paste -sd: -)
for name in ffmpeg ffprobe; do
    printf '#!/bin/sh\nhere=$(readlink -f "$0")\nhere=${here%%/*}\nLD_LIBRARY_PATH="%s" exec "$here/root/usr/bin/%s" "$@"\n' \
        "$libraries" "$name" > "$folder/$name"
    chmod +x "$folder/$name"
done
"$folder/ffmpeg" -version | head -n 1
