# wants: error; exit 1; stdout is ""; stderr has "unexpected"
if (TRUE {
  cat("never\n")
}
