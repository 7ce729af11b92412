#!/bin/bash
# Usage: scrape_benchmark_test.sh BENCHMARK
set -euo pipefail
"$1" --sessions=50 --calls=50 --scrapes=3 --most_ms=10000
