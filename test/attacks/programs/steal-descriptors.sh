# wants: ok; stdout has "done"
# Looks for descriptors that it has not been given, and reads its own streams backwards.
for fd in /proc/$$/fd/*; do
  [[ ${fd##*/} =~ ^(0|1|2|255)$ ]] || echo "has ${fd##*/} $(readlink "$fd")"
done
timeout 0.1 cat /proc/self/fd/1 > /dev/null 2>&1
cat /proc/1/fd/* 2> /dev/null
echo done
