# wants: memory|ok|error|timeout; within 3400 ms; stdout starts with "start"; peak <= 320 MB
# Fills every place that is memory in truth: files, files without a name, pipes.
$stdout.sync = true
puts "start"
block = "x" * (1 << 20)
kept = []
%w[/workspace /tmp /dev/shm].each do |place|
  40.times do |n|
    file = File.open("#{place}/#{n}", "w")
    File.unlink(file.path) if n.odd?
    9.times { file.write(block) }
    kept << file.tap(&:flush)
  rescue SystemCallError
    break
  end
end
100.times { kept << IO.pipe.tap { |_, out| out.write_nonblock(block, exception: false) } }
