<?php // wants: ok; stdin "žluťoučký kůň 🐎\n"; stdout is "Grüße, 世界 🌍\nžluťoučký kůň 🐎\n15\n"
echo "Grüße, 世界 🌍\n";
$line = rtrim(fgets(STDIN), "\n");
echo $line, "\n";
echo preg_match_all("/./us", $line), "\n";
