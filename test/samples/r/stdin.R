# wants: ok; stdin "one\n\ttwo  \n\nthree\n"; stdout is "one\n\ttwo  \n\nthree\n"
writeLines(readLines(file("stdin")))
