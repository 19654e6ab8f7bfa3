# wants: ok|error; stdout lacks "eth0"; stdout lacks "reached"; stdout has "done"
# Root of a network namespace of its own still has no way out of it.
unshare -Urn bash -c 'cat /proc/net/dev; exec 5<> /dev/tcp/1.1.1.1/53 && echo reached' 2> /dev/null
(exec 5<> /dev/tcp/169.254.169.254/80) 2> /dev/null && echo reached
echo done
