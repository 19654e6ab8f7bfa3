# wants: timeout; timeoutMs=600; within 1000 ms; stdout is "start\n"
# A back-reference, so that nothing can be remembered between the attempts.
$stdout.sync = true
puts "start"
/\A(?:(a+)+)\1+\z/.match?("#{"a" * 40}!")
