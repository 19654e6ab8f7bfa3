# wants: ok; stdout lacks "$HOST_NAME"; stdout lacks "$HOST_RELEASE"; stdout lacks "$HOST_CPU"; stdout lacks "found"; stdout has "done"
# Everything /sys and the firmware's tables say of the machine; the harness looks for its facts.
%w[/sys/class/dmi/id/product_name /sys/class/dmi/id/board_serial /sys/firmware/dmi/tables/DMI /sys/firmware/acpi/tables/DSDT
   /sys/hypervisor/uuid /sys/class/net/eth0/address /sys/block/sda/size /dev/mem /dev/kmsg /proc/kcore /proc/kallsyms
   /proc/1/mem /sys/kernel/debug /sys/fs/bpf /sys/fs/cgroup/cgroup.procs].each do |path|
  puts "found #{path}" unless File.binread(path, 64).to_s.empty?
rescue SystemCallError
  nil
end
Dir.glob("/sys/**/*").first(5000).each do |path|
  puts "#{path}: #{File.binread(path, 4096)}" if File.file?(path)
rescue SystemCallError
  nil
end
puts "done"
