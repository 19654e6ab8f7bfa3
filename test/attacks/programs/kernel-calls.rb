# wants: ok; stdout is "done\n"
# The calls that trace, load code, keep keys, change the time or the user, none of which may succeed.
$VERBOSE = nil
address = ->(bytes) { [bytes].pack("p").unpack1("J") }
zeros = "\0" * 4096
times = [1].pack("L").ljust(256, "\0")
buffer = address.call(zeros)
calls = {
  ptrace_supervisor: [101, 16, 1, 0, 0], ptrace_seize: [101, 0x4206, 1, 0, 0], read_supervisor: [310, 1, buffer, 1, buffer, 1, 0],
  bpf: [321, 0, buffer, 120], keyctl: [250, 3, 1, 0x3f3f3f3f], add_key: [248, "user", "left", "x", 1, -3], unshare_user: [272, 0x10000000],
  unshare_net: [272, 0x40000000], setns: [308, 0, 0], setuid: [105, 0], setresuid: [117, 0, 0, 0], setgroups: [116, 1, buffer],
  mount: [165, "none", "/tmp", "tmpfs", 0, 0], pivot_root: [155, "/tmp", "/tmp"], chroot: [161, "/tmp"], settimeofday: [164, buffer, 0],
  clock_settime: [227, 0, buffer], adjtimex: [159, address.call(times)], init_module: [175, buffer, 16, ""], kexec_load: [246, 0, 0, 0, 0], sethostname: [170, "mine", 4], iopl: [172, 3]
}
calls.each do |name, call|
  syscall(*call)
  puts name
rescue SystemCallError
  nil
end
puts "done"
