# wants: timeout; timeoutMs=800; within 1200 ms; stdout is "start\n"
# Children that fill pipes nobody reads, and a parent that waits for them.
$stdout.sync = true
puts "start"
pipes = Array.new(10) { IO.pipe }
children = pipes.map { |_, out| fork { loop { out.write("x" * 65_536) } } }
children.each { |pid| Process.wait(pid) }
