# wants: ok; args ["a b", "", "-x", "ü*", "--", "$HOME"]; stdout is "6\n[a b]\n[]\n[-x]\n[ü*]\n[--]\n[$HOME]\n"
args <- commandArgs(trailingOnly = TRUE)
cat(length(args), "\n", sep = "")
cat(sprintf("[%s]\n", args), sep = "")
