# wants: ok; timeoutMs=25000; within 25000 ms; stdout is "done\n"
# Looks for programs that run as somebody else, and makes one.
find /bin /usr /opt /sbin -xdev \( -perm -4000 -o -perm -2000 \) -type f 2> /dev/null
getcap -r /usr 2> /dev/null
cp /bin/bash /tmp/bash && chmod 6755 /tmp/bash
[[ $(/tmp/bash -p -c 'echo $EUID') == "$UID" ]] || echo became another
su -c id 2> /dev/null; sudo -n id 2> /dev/null
echo done
