#!/bin/sh
# Install Debian's Chromium where that can be done; the test of Flower's pages is skipped elsewhere.
set -u
as_root=$(test "$(id -u)" = 0 || echo sudo)
install() { $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends chromium; }
(install || { $as_root apt-get update -q && install; }) > /tmp/media-pipeline-chromium.log 2>&1 ||
    echo "chromium was not installed: Flower's pages are not looked at (/tmp/media-pipeline-chromium.log)"
