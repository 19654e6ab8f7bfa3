# wants: timeout; timeoutMs=500; within 900 ms; stdout is "start\n"
# When it is stopped, others of it are in the middle of starting more of themselves.
echo start
for i in 1 2 3 4 5 6; do
  setsid bash -c 'while :; do sleep 0.02 & done' > /dev/null 2>&1 &
done
sleep 9
