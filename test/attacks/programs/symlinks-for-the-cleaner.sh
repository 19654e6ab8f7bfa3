# wants: ok; stdout is "done\n"
# Links that would lead a careless cleaner out of the workspace, or round in circles.
ln -s / root; ln -s .. up; ln -s . here; ln -s loop loop; ln -s /proc/1/cwd cwd; ln -s /etc etc
mkdir -p a/b; ln -s ../../a a/b/a; ln -s /opt/coderunner /tmp/coderunner; ln -s /tmp /dev/shm/tmp
mkfifo fifo; ln fifo again 2> /dev/null
echo done
