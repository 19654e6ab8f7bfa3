# wants: ok; exit 0; stdout has "done"; within 2000 ms
# What looks like the supervisor's report, ready and done, on every descriptor but those it must keep.
body = [0, 0, 0, 0, 1, 1, 1, 1, 1].pack("L<l<l<L<Q<Q<Q<Q<Q<")
frame = [body.bytesize, 105, 1, 3].pack("L<4") + body
(0..255).each do |fd|
  next if fd == 15

  io = IO.for_fd(fd, "w", autoclose: false)
  ["R9.9.9", frame].each { |text| io.write_nonblock(text) }
rescue SystemCallError, ArgumentError, IOError
  nil
end
puts "done"
