# wants: ok|signal|error; within 1500 ms; stdout starts with "start"
# Kills every process it may, which includes itself.
echo start
kill -9 -1
echo still here
