# wants: ok; stdout is "Hello, Ada!\nHello, Grace!\n"
require_relative "greet"

File.foreach("data/names.txt") { |name| puts greet(name.chomp) }
