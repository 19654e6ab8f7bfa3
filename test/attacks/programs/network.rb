# wants: ok; within 2900 ms; stdout is "done\n"
# Every family and type of socket there could be, and the addresses clouds answer metadata on.
require "socket"
(0..45).to_a.product([1, 2, 3, 5]).each do |family, type|
  next if [1, 2, 10, 16].include?(family) && [1, 2, 5].include?(type)

  Socket.new(family, type, 0).close
  puts "family #{family} type #{type}" unless [1, 16].include?(family)
rescue SystemCallError, SocketError, ArgumentError
  nil
end
%w[169.254.169.254 169.254.170.2 168.63.129.16 100.100.100.200 172.17.0.1 10.0.0.1 1.1.1.1].each do |address|
  Socket.tcp(address, 80, connect_timeout: 0.1) { puts "reached #{address}" }
rescue SystemCallError, IOError
  nil
end
[22, 53, 80, 2375, 8080, 8787].each do |port|
  Socket.tcp("127.0.0.1", port, connect_timeout: 0.1) { puts "reached #{port}" }
rescue SystemCallError
  nil
end
puts "done"
