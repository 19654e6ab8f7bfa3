# wants: timeout; timeoutMs=1500; stdout is "started\n"
cat("started\n")
flush(stdout())
end <- Sys.time() + 60
count <- 0
while (Sys.time() < end) {
  count <- count + 1
}
cat("never\n")
