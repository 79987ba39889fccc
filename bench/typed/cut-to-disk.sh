. "${0%/*}/cut.sh"
sync "$out"/*
