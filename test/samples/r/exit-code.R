# wants: error; exit 7; stdout is "before\n"; stderr is ""
cat("before\n")
quit(status = 7)
