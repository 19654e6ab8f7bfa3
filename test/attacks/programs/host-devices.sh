# wants: ok; stdout is "done\n"
# The machine as /sys, /dev and the firmware tables would show it.
for path in /sys/class/dmi /sys/devices/virtual/dmi /sys/firmware/dmi /sys/firmware/efi /sys/class/net/eth0 \
  /sys/block/* /sys/bus/pci/devices/* /sys/kernel/debug/* /sys/kernel/security/* /dev/mem /dev/kmem /dev/kvm \
  /dev/sd* /dev/vd* /dev/nvme* /dev/mapper /dev/disk /dev/cpu /dev/vsock /dev/input /var/run/docker.sock \
  /run/docker.sock /.dockerenv.bak /var/run/secrets /host /mnt/* /media/*; do
  [[ -e $path ]] && echo "$path"
done
dmesg 2> /dev/null | grep -i -e firecracker -e kvm -e qemu
echo done
