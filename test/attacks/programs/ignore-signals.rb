# wants: timeout; timeoutMs=700; within 1100 ms; stdout is "start\n"
# Every signal that can be trapped does nothing, and the rest is sent to it by itself.
$stdout.sync = true
Signal.list.each_key do |name|
  trap(name) { nil }
rescue ArgumentError, SystemCallError
  nil
end
puts "start"
%w[TERM INT HUP QUIT USR1 ALRM PIPE].each { |name| Process.kill(name, $$) }
loop { sleep 1 }
