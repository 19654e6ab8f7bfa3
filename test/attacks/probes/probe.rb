# Prints "clean" when nothing of any earlier execution can be seen, and otherwise what can be seen.
found = %w[/workspace /tmp /dev/shm].flat_map { |place| Dir.children(place).map { |name| "#{place}/#{name}" } }
found.delete("/workspace/main.rb")
found += Dir.children("/proc").grep(/\A\d+\z/).reject { |pid| ["1", $$.to_s].include?(pid) }.map { |pid| "process #{pid}" }
found += ENV.keys - %w[PATH HOME USER LOGNAME SHELL LANG PWD]
found += File.readlines("/proc/net/unix").drop(1).select { |line| line.include?(" @") }
found << "another directory or umask" if Dir.pwd != "/workspace" || File.umask != 0o22
found << "priority" if Process.getpriority(Process::PRIO_PROCESS, 0) != 0 || Process.getpriority(Process::PRIO_PROCESS, 1) != 0
info = File.read("/proc/meminfo")
kib = %w[AnonPages Shmem].sum { |name| info[/^#{name}:\s*(\d+)/, 1].to_i }
found << "#{kib} KiB held" if kib > 64 * 1024
puts found.empty? ? "clean" : found
