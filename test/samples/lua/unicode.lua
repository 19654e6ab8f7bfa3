-- wants: ok; stdin "žluťoučký kůň 🐎\n"; stdout is "Grüße, 世界 🌍\nžluťoučký kůň 🐎\n15\n"
print("Grüße, 世界 🌍")
local line = io.read("l")
print(line)
print(utf8.len(line))
