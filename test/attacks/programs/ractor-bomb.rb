# wants: ok|error|timeout|memory|signal; timeoutMs=1500; within 1900 ms; stdout starts with "start"; peak <= 320 MB
# Ractors have threads and memory of their own, and nobody waits for them.
$stdout.sync = true
$VERBOSE = nil
puts "start"
loop { Ractor.new { Array.new(100_000) { |n| n.to_s } while true } }
