#!/bin/sh
# Stands in for the shim: copies every key file that the runner names into the folder HOLDFAST_KEYS, under a name made
# of its content, and has no test run.
while [ $# -gt 0 ]; do
  case $1 in
    -is-handshaker-supported) echo No; exit 0 ;;
    *-key-file) cp -- "$2" "$HOLDFAST_KEYS/$(cksum <"$2" | tr ' ' '-').pem"; shift ;;
  esac
  shift
done
exit 89
