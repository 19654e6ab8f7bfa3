# wants: ok; stdout is "done\n"
# Makes device files for memory, disks and the kernel's log, and uses what there is.
for numbers in "1 1" "1 2" "1 4" "1 11" "8 0" "259 0" "10 229" "254 0"; do
  for kind in b c; do
    rm -f device
    mknod device $kind $numbers 2> /dev/null || continue
    head -c 1 device > byte 2> /dev/null
    [[ -s byte ]] && echo "read device $kind $numbers"
  done
done
head -c 1 /dev/fuse > /dev/null 2>&1 && echo read fuse
echo x 2> /dev/null > /dev/kmsg && [[ -c /dev/kmsg ]] && echo wrote kmsg
find /dev -maxdepth 1 -type b
rm -f /dev/kmsg 2> /dev/null
echo done
