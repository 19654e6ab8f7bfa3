# wants: ok; stdin "žluťoučký kůň 🐎\n"; stdout is "Grüße, 世界 🌍\nžluťoučký kůň 🐎\n15\n"
cat("Grüße, 世界 🌍\n")
line <- readLines(file("stdin"), n = 1)
cat(line, "\n", sep = "")
cat(nchar(line, type = "chars"), "\n", sep = "")
