# wants: error; exit 1; stdout is ""; stderr has "main.rb"
puts "never"
def broken(
