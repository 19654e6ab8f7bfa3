# wants: ok; stdout is "done\n"
# Writes to every setting under /proc/sys and to the control groups.
shopt -s globstar nullglob
for file in /proc/sys/**/* /proc/self/oom_score_adj /sys/fs/cgroup/**/*; do
  [[ -f $file && -w $file ]] || continue
  [[ $file == /proc/self/oom_score_adj ]] || echo "may write $file"
done
(echo '|/workspace/x' > /proc/sys/kernel/core_pattern) 2> /dev/null && echo wrote the core pattern
echo done
