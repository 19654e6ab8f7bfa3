# wants: file_limit; signal SIGXFSZ; within 2500 ms
# Writes a file larger than one may be, as the main process.
exec head -c 100000000 /dev/zero > /workspace/huge
