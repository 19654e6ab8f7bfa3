# wants: ok; stdout is "done\n"
# Daemons by Ruby's own means, and by two forks: each writes, and forks again, after the end.
stay = lambda do
  %w[TERM HUP INT].each { |name| trap(name, "IGNORE") }
  100.times do |n|
    sleep 0.02
    %w[/workspace /tmp /dev/shm].each { |place| File.write("#{place}/later#{n}", "x") rescue nil }
    fork { sleep } if (n % 50).zero?
  end
  exit!
end
first = fork do
  Process.daemon
  stay.call
end
second = fork do
  Process.setsid
  fork { stay.call }
  exit!
end
[first, second].each { |pid| Process.wait(pid) }
puts "done"
