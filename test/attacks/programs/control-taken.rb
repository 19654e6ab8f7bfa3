# wants: error; exit 3; within 1900 ms; stdout is "start\n"
# Puts a pipe of its own, full and never read, where the control socket was.
$stdout.sync = true
reader, writer = IO.pipe
writer.write_nonblock("x" * 65_536, exception: false)
IO.for_fd(15, autoclose: false).reopen(writer)
puts "start"
at_exit { reader.fileno }
exit 3
