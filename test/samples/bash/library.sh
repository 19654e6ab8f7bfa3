# wants: ok; stdout is "1 2 3 5 8 9\na=3 b=2 c=1\n3.1416\n2026/11/22\n48656c6c6f\n"
echo 5 3 9 1 8 2 | tr ' ' '\n' | sort -n | paste -sd ' '
grep -o . <<< abacab | sort | uniq -c | awk '{ printf "%s%s=%s", sep, $2, $1; sep = " " } END { print "" }'
awk 'BEGIN { printf "%.4f\n", atan2(0, -1) }'
day=$(date -u -d @1795305600 +%F)
echo "${day//-//}"
printf Hello | od -An -tx1 | tr -d ' '

set -e
[[ "key=value" =~ ^([a-z]+)=(.*)$ ]]
[ "${BASH_REMATCH[2]}" = value ]
declare -A ages=([ada]=36 [grace]=85)
[ "${ages[grace]}" -eq 85 ]
[ "$(printf abc | sha256sum | cut -c1-8)" = ba7816bf ]
[ "$(printf x | gzip | gzip -d)" = x ]
mapfile -t lines < <(seq 3)
[ "${#lines[@]}" -eq 3 ]
kept=$(mktemp)
echo kept > "$kept"
[ "$(< "$kept")" = kept ]
