# wants: error; exit 6; within 1500 ms; stdout is "start\n"
# Many threads leave at once, each in its own way, while exit handlers leave as well.
$stdout.sync = true
puts "start"
at_exit { exit! 6 }
20.times { |n| Thread.new { sleep 0.05; n.even? ? Process.exit!(6) : Thread.main.raise(SystemExit.new(6)) } }
sleep
