# wants: timeout|error|signal; timeoutMs=1200; within 1600 ms; stdout starts with "start"
# Replaces itself by exec while leaving copies behind, so that process ids never stand still.
echo start
while :; do
  (exec bash "$0") > /dev/null 2>&1 &
  exec bash -c 'while :; do sleep 0.01 & done' 2> /dev/null
done
