# wants: ok; stdin "žluťoučký kůň 🐎\n"; stdout is "Grüße, 世界 🌍\nžluťoučký kůň 🐎\n15\n"
print("Grüße, 世界 🌍")
line = input()
print(line)
print(len(line))
