# wants: ok; stdout is "5000050000\n"
# The nearest there is: processes that are forked for their share.
library(parallel)

totals <- mclapply(0:3, mc.cores = 4, function(slot) {
  sum(as.numeric((slot * 25000 + 1):((slot + 1) * 25000)))
})
cat(format(sum(unlist(totals)), scientific = FALSE), "\n", sep = "")
