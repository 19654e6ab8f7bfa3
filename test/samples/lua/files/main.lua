-- wants: ok; stdout is "Hello, Ada!\nHello, Grace!\n"
local greet = require("greet")

for name in io.lines("data/names.txt") do
  print(greet(name))
end
