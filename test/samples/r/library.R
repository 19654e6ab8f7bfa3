# wants: ok; stdout is "1 2 3 5 8 9\na=3 b=2 c=1\n3.1416\n2026/11/22\n48656c6c6f\n"
numbers <- c(5, 3, 9, 1, 8, 2)
cat(sort(numbers))
cat("\n")
counts <- table(strsplit("abacab", "")[[1]])
cat(paste0(names(counts), "=", counts))
cat(sprintf("\n%.4f\n", pi))
cat(gsub("-", "/", format(as.Date("2026-11-22"))), "\n", sep = "")
cat(paste(as.character(charToRaw("Hello")), collapse = ""), "\n", sep = "")

stopifnot(
  isTRUE(all.equal(coef(lm(y ~ x, data.frame(x = 1:10, y = 2 * (1:10) + 1)))[["x"]], 2)),
  median(numbers) == 4, isTRUE(all.equal(sd(c(1, 2, 3)), 1)),
  identical(dim(matrix(1:6, nrow = 2) %*% matrix(1:6, nrow = 3)), c(2L, 2L)),
  identical(Reduce(`+`, 1:4), 10L), identical(Filter(function(n) n > 2, 1:4), 3:4),
  identical(toupper("né"), "NÉ"), grepl("^[a-z]+=[0-9]+$", "a=1"),
  isTRUE(all.equal(solve(matrix(c(2, 0, 0, 4), 2)), matrix(c(0.5, 0, 0, 0.25), 2))),
  identical(tryCatch(stop("x"), error = conditionMessage), "x"),
  nrow(merge(data.frame(k = 1:2, a = 3:4), data.frame(k = 2:3, b = 5:6))) == 1
)
set.seed(1)
stopifnot(abs(mean(rnorm(1000))) < 0.2)
kept <- tempfile()
writeLines("kept", kept)
stopifnot(readLines(kept) == "kept")
