# wants: error; exit 7; within 1000 ms; stdout is "start\n"
# Leaves without a word to anybody, with children that hold its streams open.
$stdout.sync = true
3.times { fork { sleep } }
puts "start"
exit! 7
