# wants: timeout|output_limit; timeoutMs=300; within 700 ms; stdoutBytes >= 1000
# Writes as fast as it can when the deadline comes.
yes "until the very end"
