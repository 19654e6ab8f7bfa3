-- wants: ok; stdout is "Hello, world!\n"
print("Hello, world!")
