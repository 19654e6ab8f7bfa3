# wants: ok; stdout has "done"
# Tries to have something else stand where the workspace was.
cd /
mv /workspace /tmp/moved 2> /dev/null && echo moved
rmdir /workspace 2> /dev/null && echo removed
rm -rf /workspace/* && chmod 000 /workspace; setfattr -n user.a -v b /workspace 2> /dev/null
mv /tmp /workspace/tmp 2> /dev/null && echo moved
chmod 4777 /tmp 2> /dev/null && echo changed
ln -sfn /etc /tmp 2> /dev/null
echo done
