# wants: ok|timeout; times=6; timeoutMs=200; within 600 ms; stdout starts with "start"
# Ends within a millisecond of its deadline, on either side of it.
$stdout.sync = true
started = Process.clock_gettime(Process::CLOCK_MONOTONIC)
puts "start"
ends = started + 0.194 + ARGV[0].to_i * 0.001
sleep 0.001 while Process.clock_gettime(Process::CLOCK_MONOTONIC) < ends
