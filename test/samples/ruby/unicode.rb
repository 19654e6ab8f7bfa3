# wants: ok; stdin "žluťoučký kůň 🐎\n"; stdout is "Grüße, 世界 🌍\nžluťoučký kůň 🐎\n15\n"
puts "Grüße, 世界 🌍"
line = gets.chomp
puts line
puts line.length
