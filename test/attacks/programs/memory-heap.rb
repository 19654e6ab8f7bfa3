# wants: memory; within 2500 ms; stdout is "start\n"
# Strings that are all kept.
$stdout.sync = true
puts "start"
kept = []
loop { kept << "x" * (1 << 20) }
