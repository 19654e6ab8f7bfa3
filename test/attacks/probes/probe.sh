# Prints "clean" when nothing of any earlier execution can be seen, and otherwise what can be seen.
shopt -s nullglob dotglob
found=(/workspace/* /tmp/* /dev/shm/*)
found=("${found[@]/#\/workspace\/main.sh/}")
for path in /proc/[0-9]*; do
  [[ $path == /proc/1 || $path == /proc/$$ ]] || found+=("$path")
done
while read -r name; do
  [[ " PATH HOME USER LOGNAME SHELL LANG PWD OLDPWD SHLVL _ " == *" $name "* ]] || found+=("$name")
done <<< "$(compgen -e)"
while read -r line; do
  [[ $line == *' @'* ]] && found+=("$line")
done < /proc/net/unix
while read -r name kib _; do
  [[ $name == AnonPages: || $name == Shmem: ]] && (( kib > 32768 )) && found+=("$name $kib KiB held")
done < /proc/meminfo
text="${found[*]}"
text="${text# }"
echo "${text:-clean}"
