# wants: error; stdout is "before\n"; stderr has "something broke"
puts "before"
raise "something broke"
