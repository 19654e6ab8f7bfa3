# wants: error; exit 7; stdout is "before\n"; stderr is ""
puts "before"
exit 7
puts "after"
