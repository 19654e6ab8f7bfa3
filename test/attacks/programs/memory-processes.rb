# wants: memory; within 2900 ms; stdout starts with "start"
# Many processes that stay small, each by itself.
$stdout.sync = true
puts "start"
40.times do
  fork do
    kept = "x" * (20 << 20)
    sleep
    kept.clear
  end
rescue SystemCallError
  nil
end
sleep
