-- wants: ok; stdin "one\n\ttwo  \n\nthree\n"; stdout is "one\n\ttwo  \n\nthree\n"
io.write(io.read("a"))
