# wants: memory; within 2500 ms; stdout is "start\n"
# Memory that is mapped, not allocated, and written to page by page.
$stdout.sync = true
$VERBOSE = nil
puts "start"
kept = []
loop do
  kept << IO::Buffer.new(8 << 20, IO::Buffer::MAPPED)
  kept.last.clear(1)
end
