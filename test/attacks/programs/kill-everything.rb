# wants: signal; signal SIGKILL; within 1500 ms; stdout is "start\n"
# Kills process 1, its parent and its group by every signal, and then all that it may.
$stdout.sync = true
(1..64).each do |number|
  [1, Process.ppid].each do |pid|
    Process.kill(number, pid)
    puts "sent #{number} to #{pid}"
  rescue SystemCallError, ArgumentError
    nil
  end
end
puts "start"
Process.kill("KILL", -1) rescue nil
Process.kill("KILL", 0)
