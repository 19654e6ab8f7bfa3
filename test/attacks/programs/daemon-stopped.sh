# wants: ok|signal; within 1500 ms; stdout lacks "woken"
# Leaves processes behind that are stopped and hold a file open.
for i in 1 2 3 4 5; do
  bash -c 'exec 9> /tmp/held; kill -STOP $$; echo woken > /tmp/woken' &
done
sleep 0.2
echo done
