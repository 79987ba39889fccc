#!/bin/sh
# Make the secrets that compose.yaml reads, once; those that are there stay as they are.
set -eu
folder=$(cd "$(dirname "$0")" && pwd)/secrets
mkdir -p "$folder"
chmod 700 "$folder" # the files themselves must be readable for the user in the containers

random() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }
keep() { test -e "$folder/$1" || { printf '%s' "$2" > "$folder/$1"; chmod 644 "$folder/$1"; }; }

keep postgres_password "$(random)"
keep database_url "postgresql://media:$(cat "$folder/postgres_password")@postgres:5432/media"
keep minio_root_password "$(random)"
keep aws_credentials "[default]
aws_access_key_id = media-pipeline
aws_secret_access_key = $(cat "$folder/minio_root_password")"
keep flower_basic_auth "operator:$(random)"
echo "secrets are in $folder; Flower's login is in flower_basic_auth"
