. "${0%/*}/remux.sh"
sync "$out"/*
