# wants: timeout; timeoutMs=1500; stdout is "started\n"
$stdout.sync = true
puts "started"
stop = Process.clock_gettime(Process::CLOCK_MONOTONIC) + 60
count = 0
count += 1 while Process.clock_gettime(Process::CLOCK_MONOTONIC) < stop
puts "never"
