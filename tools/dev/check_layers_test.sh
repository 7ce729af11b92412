#!/bin/bash
# Runs the tests of check_layers, which are Python's.
exec /usr/bin/python3 -B "$@"
