# wants: timeout|memory; timeoutMs=1000; within 2500 ms; stdout is "start\n"
# Every process forks as fast as it can and never gives up when it is refused.
$stdout.sync = true
puts "start"
loop do
  fork
rescue SystemCallError
  nil
end
