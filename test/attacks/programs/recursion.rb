# wants: error; exit 1; within 2900 ms; stdout is "start\n"; stderr has "SystemStackError"
# Without end, through a method, a block and a comparison.
$stdout.sync = true
puts "start"
def deeper(n) = [n].each { |m| deeper(m + 1) }
deeper(0)
