# wants: timeout; timeoutMs=600; within 1000 ms; stdout is "start\nhandler\n"
# An exit handler that does not end, and registers itself again in case it does.
$stdout.sync = true
puts "start"
again = proc { at_exit(&again) }
at_exit(&again)
at_exit do
  puts "handler"
  loop {}
end
