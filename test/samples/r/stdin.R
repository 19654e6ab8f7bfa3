# wants: ok; stdin "one\n\ttwo  \n\nthree\n"; stdout is "one\n\ttwo  \n\nthree\n"
lines <- readLines(file("stdin"))
cat(lines, sep = "\n")
cat("\n")
