# The last step of the image's build: users, places and precompiled files. The places that a program
# may write to are mounted over when a sandbox is made; nothing else is writable.
set -eu

# One user per job of a sandbox's life, so that no job ever runs as another's uid. All have one name.
for n in $(seq 0 255); do
  echo "sandbox:x:$((20000 + n)):$((20000 + n))::/workspace:/bin/bash"
done >> /etc/passwd
for n in $(seq 0 255); do
  echo "sandbox:x:$((20000 + n)):"
done >> /etc/group

# What each tool says of itself, for the launcher to pass on; one that is not there is left out.
printf '%s\n' "$VERSIONS" | while IFS="$(printf '\t')" read -r id command; do
  if version=$(sh -c "$command") && [ -n "$version" ]; then printf '%s=%s;' "$id" "$version"; fi
done > /opt/coderunner/versions

mkdir -p /workspace
rm -rf /var/tmp && ln -s /tmp /var/tmp
find / -xdev -perm /6000 -type f -exec chmod a-s {} +
rm -f /opt/coderunner/languages/*.[ch]
ruby /opt/coderunner/languages/compile.rb && rm /opt/coderunner/languages/compile.rb
python3 -m compileall -q /usr/lib/python3 /opt/coderunner/languages || true
# Only what lacks it: a file that is touched here is in the image once more.
find /opt/coderunner \( ! -perm -444 -o -type d ! -perm -555 \) -exec chmod a+rX {} +
