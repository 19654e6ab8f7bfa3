# wants: ok; stdout lacks "docker"; stdout lacks "overlay2"; stdout lacks "containerd"; stdout has "done"
# Mounts and control groups, which often name the host's directories.
cat /proc/mounts /proc/self/mountinfo /proc/self/mountstats /proc/self/cgroup /proc/1/cgroup 2> /dev/null
df 2> /dev/null
echo done
