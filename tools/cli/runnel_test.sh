#!/bin/bash
# Runs the tests of `runnel` as a program, which are Python's.
exec /usr/bin/python3 -B "$@"
