# wants: ok; stdout is "Hello, Ada!\nHello, Grace!\n"
source("greet.R")

for (name in readLines("data/names.txt")) {
  cat(greet(name), "\n", sep = "")
}
