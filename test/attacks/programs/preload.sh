# wants: ok; stdout has "done"
# Variables that make the loader, the shell and the interpreters run other code, for whoever is next.
export LD_PRELOAD=/workspace/evil.so LD_LIBRARY_PATH=/workspace BASH_ENV=/workspace/evil.sh ENV=/workspace/evil.sh
export PYTHONSTARTUP=/workspace/evil.py PYTHONPATH=/workspace NODE_OPTIONS=--require=/workspace/evil.js PATH=/workspace:$PATH
echo 'echo evil' > /workspace/evil.sh
printf '#!/bin/sh\necho evil\n' > /workspace/node && chmod +x /workspace/node && cp /workspace/node /workspace/python3
mkdir -p "$HOME/.config" && echo 'echo evil' > "$HOME/.bashrc" && cp "$HOME/.bashrc" "$HOME/.profile"
(setsid sleep 60 > /dev/null 2>&1 &) 2> /dev/null
echo done
