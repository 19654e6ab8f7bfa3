# wants: ok; stdout is "Hello, world!\n"
puts "Hello, world!"
