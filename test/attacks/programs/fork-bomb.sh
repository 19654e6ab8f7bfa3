# wants: ok|timeout|error|signal; timeoutMs=1500; within 1900 ms; stdout starts with "start"
# A function that calls itself twice in the background, until the user may have no more processes.
echo start
bomb() { bomb | bomb & }
bomb 2> /dev/null
sleep 1
