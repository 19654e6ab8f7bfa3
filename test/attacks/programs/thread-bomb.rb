# wants: ok|timeout; timeoutMs=1500; within 1900 ms; stdout starts with "refused after"; stdout lacks "too many"; peak <= 256 MB
# Starts threads until it is refused: threads count as processes do. Ruby 3.3 hangs after a refusal.
$stdout.sync = true
Thread.report_on_exception = false
count = 0
begin
  2000.times do
    Thread.new { sleep }
    count += 1
  end
rescue ThreadError
  puts "refused after #{count < 64 ? count : "too many"}"
end
