#!/usr/bin/env python3
"""Health check of a container: `health URL` succeeds where the URL answers 200. Loads little."""

import sys
import urllib.request

with urllib.request.urlopen(sys.argv[1], timeout=4) as answer:
    sys.exit(answer.status != 200)
