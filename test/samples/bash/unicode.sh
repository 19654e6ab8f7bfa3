# wants: ok; stdin "žluťoučký kůň 🐎\n"; stdout is "Grüße, 世界 🌍\nžluťoučký kůň 🐎\n15\n"
echo "Grüße, 世界 🌍"
read -r line
echo "$line"
echo ${#line}
