# wants: ok; stdout is "Hello, Ada!\nHello, Grace!\n"
from greet import greet

with open("data/names.txt") as names:
    for name in names:
        print(greet(name.strip()))
