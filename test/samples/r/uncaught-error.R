# wants: error; stdout is "before\n"; stderr has "something broke"
cat("before\n")
stop("something broke")
