# wants: error; exit 77; within 900 ms; stdout is "start\n"
# A child says the end of its parent's run, and both go on as if nothing had been.
$stdout.sync = true
puts "start"
fork { IO.for_fd(15, "wb", autoclose: false).syswrite("D\x4d") }
sleep
