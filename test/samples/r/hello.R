# wants: ok; stdout is "Hello, world!\n"
cat("Hello, world!\n")
