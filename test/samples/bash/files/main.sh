# wants: ok; stdout is "Hello, Ada!\nHello, Grace!\n"
. ./greet.sh
while read -r name; do
  greet "$name"
done < data/names.txt
