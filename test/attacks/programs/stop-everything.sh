# wants: timeout; timeoutMs=700; within 1100 ms; stdout starts with "start"
# Stops its parent, itself and everything else it may.
echo start
sleep 5 &
kill -STOP "$PPID" 2> /dev/null && echo stopped the parent
kill -STOP -1
kill -STOP $$
