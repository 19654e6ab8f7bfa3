# wants: timeout; timeoutMs=500; within 900 ms; stdout is "start\n"
# Does nothing at all, for ever.
echo start
exec sleep infinity
