# wants: ok; stdout is "50005000\n"
add_up() {
  local total=0 n
  for ((n = $1 * 2500 + 1; n <= ($1 + 1) * 2500; n++)); do ((total += n)); done
  echo $total > "total.$1"
}

for slot in 0 1 2 3; do
  add_up $slot &
done
wait
total=0
for slot in 0 1 2 3; do
  read -r part < "total.$slot"
  ((total += part))
done
echo $total
